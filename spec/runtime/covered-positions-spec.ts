import { expect } from 'chai'
import type { BrokerAdmin } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { SILENT } from '../../lib/log.ts'
import { coveredBy } from '../../lib/runtime/covered-positions.ts'
import { withPositions } from '../../lib/runtime/saved-positions.ts'
import type { TaskState } from '../../lib/state/task-state.ts'

/** A task that has saved offset 50 of `in`, which ends there. */
async function covered(offset: number, end: number) {
  const meta = withPositions({}, [{ topic: 'in', offset: 50 }])
  const asked: string[] = []
  const admin = {
    offsets: async (topic: string) => {
      asked.push(topic)
      return [{ partition: 1, earliest: 0, end }]
    },
  } as unknown as BrokerAdmin
  const asking = { admin, log: SILENT, signal: new AbortController().signal }
  const position = { topic: 'in', partition: 1, offset }
  return { asked, found: await coveredBy({ task: '0_1', meta } as TaskState, [position], asking) }
}

describe('what the state of a task covers', () => {
  it('should be nothing of what the group has committed, and be asked of nobody', async () => {
    const { found, asked } = await covered(50, 60)
    expect([...found]).to.deep.equal([])
    expect(asked).to.deep.equal([])
  })

  it('should be what a crash has left uncommitted', async () => {
    expect([...(await covered(40, 50)).found]).to.deep.equal([['in', 50]])
  })

  it('should be refused where the topic has never been so long: it is another one', async () => {
    const error = await covered(0, 49).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(MillraceError).and.to.have.property('code', 'DATA_LOSS')
    expect(String(error)).to.match(/0_1 covers in\/1 up to offset 50, but that ends at 49/)
  })
})
