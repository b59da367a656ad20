import { expect } from 'chai'
import type { BrokerAdmin } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { endsOf, reached } from '../../lib/runtime/caught-up.ts'
import { adminWith } from './ports.ts'

const at = (topic: string, partition: number, offset: number) => ({ topic, partition, offset })
const never = new AbortController().signal

describe('being caught up', () => {
  it('should leave out partitions that hold nothing', async () => {
    expect([...(await endsOf(adminWith([]), ['a', 'b']))]).to.deep.equal([
      ['a/0', 10],
      ['b/0', 10],
    ])
  })

  it('should be at once where there is nothing to reach', async () => {
    await reached(adminWith([[]]), 'g', new Map(), never)
  })

  it('should wait until every partition has been committed up to its end, or beyond', async () => {
    const answers = [[], [at('a', 0, 9), at('b/c', 1, 99)], [at('a', 0, 10), at('b/c', 1, 99)]]
    let asked = 0
    const admin = adminWith(answers)
    const counting: BrokerAdmin = {
      ...admin,
      committed: (group, topics) => {
        asked++
        return admin.committed(group, topics)
      },
    }
    await reached(counting, 'g', new Map(Object.entries({ 'a/0': 10, 'b/c/1': 50 })), never)
    expect(asked).to.equal(3)
  })

  it('should believe a position once it has seen it', async () => {
    const answers = [[at('a', 0, 10)], [at('b', 0, 10)]]
    await reached(adminWith(answers), 'g', new Map(Object.entries({ 'a/0': 10, 'b/0': 10 })), never)
  })

  it('should wait for a broker that is away, and reject with what waiting can not cure', async () => {
    const away = new MillraceError('UNREACHABLE', 'away')
    const ends = new Map([['a/0', 10]])
    await reached(adminWith([away, [at('a', 0, 10)]]), 'g', ends, never)
    const refused = new MillraceError('CONFIG', 'wrong password')
    const error = await reached(adminWith([refused]), 'g', ends, never).catch((caught: unknown) => caught)
    expect(error).to.equal(refused)
  })

  it('should end when aborted', async () => {
    const abort = new AbortController()
    setImmediate(() => abort.abort())
    await reached(adminWith([[]]), 'g', new Map([['a/0', 10]]), abort.signal)
    expect(abort.signal.aborted).to.equal(true)
  })
})
