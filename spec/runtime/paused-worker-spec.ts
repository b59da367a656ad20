import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { json, map, sink, topic, topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import type { Worker } from '../../lib/runtime/worker-options.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { until } from '../support/until.ts'

const copied = topology('copied', ({ source }) => {
  source('read', topic('in', { value: json<number>(), partitions: 3 })).pipe(
    map('same', (n) => n),
    sink('write', topic('out', { value: json<number>(), partitions: 3 })),
  )
})
const at = (partition: number) => ({ topic: 'in', partition })

describe('a paused worker', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'millrace-paused-'))
  const lines: string[] = []
  const log = {
    ...SILENT,
    info: (fields: object, text: string) => lines.push(`${text} ${JSON.stringify(fields)}`),
  }
  const environment = () => ({ broker, sinks: {}, lookups: {}, log })
  let broker: EmbeddedBroker
  let worker: Worker

  before(async () => {
    broker = await openEmbeddedBroker({ dir: join(root, 'log') })
    for (const resource of resourcesOf(copied, 'copied', environment())) await resource.create()
    worker = await startWorker({ topology: copied, environment: environment() })
  })
  after(async () => {
    await worker.stop()
    await broker.close()
    rmSync(root, { recursive: true })
  })

  it('should read on what is not paused, and the rest when it is resumed', async () => {
    worker.pause([at(1)])
    expect(worker.paused).to.deep.equal([at(1)])
    await send(10)
    await until('all of the others', async () => (await done()).filter((n) => n === 10).length === 2)
    await later()
    expect(await done()).to.deep.equal([10, 0, 10])
    worker.resume([at(1)])
    await until('the rest', async () => (await done())[1] === 10)
  })

  it('should stay paused, and of the group, through rebalances', async () => {
    worker.pause()
    await send(10)
    const second = await startWorker({ topology: copied, environment: environment() })
    second.pause()
    await until('a share for each', () => lines.filter((line) => line.startsWith('assigned')).length >= 3)
    await later()
    expect([await done(), worker.paused, second.paused]).to.deep.equal([[10, 10, 10], 'all', 'all'])
    await second.stop()
    await until('all partitions again', () => {
      const last = lines.findLast((line) => line.startsWith('assigned'))!
      return ['in/0', 'in/1', 'in/2'].every((name) => last.includes(name))
    })
    await later()
    expect(await done()).to.deep.equal([10, 10, 10])
    worker.resume()
    await until('all', async () => (await done()).every((n) => n === 20))
  })

  /** Long enough for another worker, which is not paused, to come, read all that there is and go. */
  async function later(): Promise<void> {
    const application = uniqueName('witness')
    const witness = await startWorker({
      topology: copied,
      application,
      environment: { ...environment(), log: SILENT },
      untilCaughtUp: true,
    })
    await witness.done
  }

  async function send(each: number): Promise<void> {
    const producer = await broker.producer({})
    const records = Array.from({ length: 3 * each }, (_, i) => {
      return {
        topic: 'in',
        partition: i % 3,
        key: null,
        value: Buffer.from(String(i)),
        timestamp: i,
        headers: NO_HEADERS,
      }
    })
    await producer.send(records)
    await producer.close()
  }

  async function done(): Promise<number[]> {
    const positions = await broker.admin.committed('copied', ['in'])
    return [0, 1, 2].map((partition) => positions.find((one) => one.partition === partition)?.offset ?? 0)
  }
})
