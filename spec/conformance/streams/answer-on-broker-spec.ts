import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { json } from '../../../lib/contract/serde.ts'
import { filter, map, merge, sink, topic, topology } from '../../../lib/index.ts'
import { logFolder } from '../../connectors/embedded/log-folder.ts'
import { answerOnBroker } from './answer-on-broker.ts'
import { prefixedBroker } from './prefixed-broker.ts'
import type { InputRecord } from './scenario.ts'
import { TOPOLOGIES } from './topologies/index.ts'

const value = json<number>()

/** Each even number, doubled and not, from two topics. */
const said = topology('twice', ({ source }) => {
  const left = source('left', topic('left', { value }))
  const right = source('right', topic('right', { value }))
  const even = left.pipe(
    merge('both', right),
    filter('even', (n) => n % 2 === 0),
  )
  return [
    even.pipe(sink('out', topic('out', { value }))),
    even.pipe(
      map('double', (n) => n * 2),
      sink('doubled', topic('doubled', { value })),
    ),
  ]
})

function input(of: string, key: string | null, number: number, rest: Partial<InputRecord> = {}): InputRecord {
  return { topic: of, key, value: number, timestamp: 1000 - number, ...rest }
}

describe('a scenario on a broker', () => {
  const dir = logFolder()
  let broker: EmbeddedBroker
  before(async () => {
    broker = await openEmbeddedBroker({ dir })
  })
  after(() => broker.close())

  it('should give what each input caused, in order, with key, time and headers', async () => {
    const inputs = [
      input('left', 'a', 2, { headers: { h: ['1', '2'], i: 'é' } }),
      input('left', 'a', 3),
      input('right', 'é', 4),
      input('left', 'a', 6),
    ]
    const { outputs, stores } = await answerOnBroker(
      { topology: 'twice', params: {}, inputs },
      said,
      prefixedBroker(broker, 'one.'),
      'one',
    )
    const caused = [0, 2, 3].flatMap((after) => {
      const { key, value: n, timestamp, headers } = inputs[after]!
      const more = { key, timestamp, ...(headers && { headers }) }
      return [
        { after, topic: 'out', value: n, ...more },
        { after, topic: 'doubled', value: (n as number) * 2, ...more },
      ]
    })
    expect(outputs).to.deep.equal(caused)
    expect(stores).to.deep.equal({})
  })

  it('should keep scenarios on one broker apart', async () => {
    const inputs = [input('right', 'b', 8)]
    const scenario = { topology: 'twice', params: {}, inputs }
    const { outputs } = await answerOnBroker(scenario, said, prefixedBroker(broker, 'two.'), 'two')
    expect(outputs.map(({ value: n }) => n)).to.deep.equal([8, 16])
    const names = ['left', 'two.left', 'two.right', 'two.out', 'two.doubled', 'two.twice.dlq']
    const there = await broker.admin.topics(names)
    expect(there.map(({ topic: name, partitions }) => `${name} ${partitions}`).sort()).to.deep.equal(
      names
        .slice(1)
        .map((name) => `${name} 1`)
        .sort(),
    )
  })

  it('should fail, not hang, when the worker ends', async () => {
    const broken = (): number => {
      throw new Error('no')
    }
    const failing = topology('failing', ({ source }) =>
      source('in', topic('in', { value })).pipe(
        map('broken', broken, { onError: 'fail' }),
        sink('out', topic('out', { value })),
      ),
    )
    const asked = answerOnBroker(
      { topology: 'failing', params: {}, inputs: [input('in', 'a', 1)] },
      failing,
      prefixedBroker(broker, 'three.'),
      'three',
    )
    const outcome = await asked.then(
      () => 'answered',
      (error: Error) => error.message,
    )
    expect(outcome).to.match(/^the worker has stopped: .*broken/)
  })

  it('should move the wall clock of the worker, and wait for what is due by it', async () => {
    const inputs = [{ advanceWallClockMs: 25 }, input('in', 'a', 1), { advanceWallClockMs: 10 }]
    const ticking = TOPOLOGIES['punctuate-wall-clock']!({ intervalMs: 10, cancelAfter: 0 })
    const scenario = { topology: 'punctuate-wall-clock', params: {}, inputs }
    const { outputs } = await answerOnBroker(scenario, ticking, prefixedBroker(broker, 'four.'), 'four')
    expect(outputs.map(({ after, key, timestamp }) => [after, key, timestamp])).to.deep.equal([
      [0, 'punctuated', 25],
      [2, 'punctuated', 35],
      [2, 'a', 35],
    ])
  })
})
