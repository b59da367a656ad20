import { expect } from 'chai'
import { json, map, sink, type Topology, topic, topology } from '../../lib/index.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { applyTopology, produce, type SpecEnvironment, specEnvironment } from '../support/environment.ts'
import { until } from '../support/until.ts'

const RECORDS = 20
const HEARTBEAT = 500
/** The least that brokers take by default. */
const SESSION = 6_000

/** One thread does everything: while a synchronous callback runs, nothing is heard of the member. */
describe('a callback that does not give way', () => {
  let environment: SpecEnvironment

  before(() => {
    environment = specEnvironment({ timing: { heartbeat: HEARTBEAT, session: SESSION } })
  })
  after(() => environment.close())

  it('should not cost the group as long as it is shorter than the session: heartbeats may be missed', async () => {
    const { assigned, written } = await copied(8 * HEARTBEAT)
    expect(assigned).to.equal(1)
    expect(written).to.deep.equal(numbers())
  })

  it('should lose nothing when it is longer: the member joins again', async () => {
    const { assigned, written } = await copied(SESSION + 2_000)
    expect(assigned).to.be.at.least(2)
    expect([...new Set(written)]).to.deep.equal(numbers())
  })

  /** Copies numbers, of which one takes so many milliseconds. */
  async function copied(block: number) {
    const name = uniqueName('blocked')
    let left = block
    const said = blocking(name, () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left)
      left = 0
    })
    await applyTopology(said, environment)
    const before = environment.lines.length
    const worker = await startWorker({ topology: said, environment })
    const records = numbers().map((n) => {
      return {
        topic: `${name}-in`,
        key: null,
        value: Buffer.from(String(n)),
        timestamp: n,
        headers: NO_HEADERS,
      }
    })
    await produce(environment, records)
    await until('all committed', async () => (await committed(name)) === RECORDS)
    // A member that has lost the group only learns of it at its next heartbeat.
    if (block > SESSION) await until('another assignment', () => assignments(before) > 1)
    await worker.stop()
    return { assigned: assignments(before), written: await written(`${name}-out`) }
  }

  const assignments = (from: number) =>
    environment.lines.slice(from).filter((line) => line.startsWith('info assigned ')).length

  async function committed(name: string): Promise<number | undefined> {
    return (await environment.broker.admin.committed(name, [`${name}-in`]))[0]?.offset
  }

  async function written(name: string): Promise<number[]> {
    const [range] = await environment.broker.admin.offsets(name)
    const values: number[] = []
    const whole = { topic: name, partition: 0, from: 0, to: range!.end }
    for await (const { records } of environment.broker.read([whole])) {
      for (const { value } of records) values.push(Number(value))
    }
    return values
  }
})

function blocking(name: string, block: () => void): Topology {
  return topology(name, ({ source }) => {
    source('read', topic(`${name}-in`, { value: json<number>(), partitions: 1 })).pipe(
      map('stubborn', (n) => {
        if (n === RECORDS / 2) block()
        return n
      }),
      sink('write', topic(`${name}-out`, { value: json<number>(), partitions: 1 })),
    )
  })
}

function numbers(): number[] {
  return Array.from({ length: RECORDS }, (_, n) => n)
}
