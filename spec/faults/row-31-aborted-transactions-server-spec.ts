import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { seededRandom } from '../../lib/testing/random.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { stockKafkajs } from '../connectors/kafka/stock-kafkajs.ts'
import { consumeCommitted, type ShownRecord } from '../support/console-consumer.ts'
import { servers } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { CopyStage } from './copy/copy-stage.ts'
import { names, PARTITIONS } from './copy/workload.ts'
import { CLEAN, judge, type Numbered, type Verdict } from './support/judge.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const SESSION_MS = 6000
const WRITERS = 4
/** The first has a key of four zero bytes, as an int32 serializer makes of 0: an abort marker to the stock client. */
const KEYS = Array.from({ length: WRITERS }, (_, writer) =>
  [0, 1, 2].map((key) => (writer === 0 && key === 0 ? Buffer.alloc(4) : Buffer.from(`${writer}-${key}`))),
)
/** JSON, and so large that fetches begin and end within transactions. */
const PADDING = ' '.repeat(2_000)

describe('fault row 31: interleaved aborted transactions', function () {
  this.timeout(300_000)
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
  const committed: Numbered[] = []
  let aborted = 0
  let stage: CopyStage
  let verdict: Verdict

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    const { kafkaBrokers } = servers()
    stage = await CopyStage.open(kafkaBrokers, SESSION_MS)
    await writeInput()
    const worker = stage.worker({ untilCaughtUp: true, batch: 50 })
    expect(await worker.ended).to.equal('0')
    verdict = judge(committed, (await consumeCommitted(kafkaBrokers, names(stage.run).output)).map(numbered))
    report({
      row: 31,
      fault: `interleaved transactions, ${aborted} records in aborted ones`,
      records: committed.length,
      kills: 0,
      lost: verdict.lost.length,
      duplicated: verdict.duplicated.length,
      recoverySeconds: null,
      peakMemory: stage.memory.bytes,
    })
  })
  after(() => stage?.clear())

  /** Writers take turns; what two have open they end in the order they began in, or the other way round. */
  async function writeInput(): Promise<void> {
    const random = seededRandom(seed)
    const group = uniqueName('group')
    const producers = await Promise.all(
      KEYS.map((_, writer) => stage.broker.transactions({ id: `${stage.run}-${writer}`, group })),
    )
    let n = 0
    while (committed.length < rowRecords()) {
      const open = KEYS.map((): Numbered[] => [])
      for (let turn = 0; turn < 8; turn++) {
        const writer = turn % WRITERS
        const sent = Array.from({ length: 1 + Math.floor(random() * 9) }, () => {
          const key = Math.floor(random() * 3)
          return { key: KEYS[writer]![key]!.toString(), n: n++ }
        })
        open[writer]!.push(...sent)
        await producers[writer]!.send(sent.map(asRecord))
      }
      const order = KEYS.map((_, writer) => writer)
      if (random() < 0.5) order.reverse()
      for (const writer of order) {
        const kept = random() < 0.5
        if (kept) committed.push(...open[writer]!)
        else aborted += open[writer]!.length
        await (kept ? producers[writer]!.commit([]) : producers[writer]!.abort())
      }
    }
    await Promise.all(producers.map((producer) => producer.close()))
  }

  function asRecord({ key, n }: Numbered): OutRecord {
    return {
      topic: names(stage.run).input,
      // All writers meet in every partition, and a key stays in one.
      partition: (key.charCodeAt(key.length - 1) + 1) % PARTITIONS,
      key: Buffer.from(key),
      value: Buffer.from(`${PADDING}${n}`),
      timestamp: 1_700_000_000_000 + n,
      headers: NO_HEADERS,
    }
  }

  function numbered({ key, value }: ShownRecord): Numbered {
    return { key: String(key), n: Number(value) }
  }

  it('should have an input of which the stock client shows what was aborted', async () => {
    const { Kafka, logLevel } = stockKafkajs()
    const kafka = new Kafka({ brokers: servers().kafkaBrokers.split(','), logLevel: logLevel.NOTHING })
    const consumer = kafka.consumer({ groupId: uniqueName('stock'), maxBytesPerPartition: 50_000 })
    const wanted = new Set(committed.map(({ n }) => n))
    const last = committed.at(-1)!.n
    const seen = new Set<number>()
    await consumer.connect()
    await consumer.subscribe({ topics: [names(stage.run).input], fromBeginning: true })
    await consumer.run({ eachMessage: async ({ message }) => void seen.add(Number(message.value)) })
    await until('the last record', () => seen.has(last) && [...seen].some((n) => !wanted.has(n)))
    await consumer.disconnect()
  })

  it('should show a worker nothing of them, and all else once and in order', () => {
    expect(aborted).to.be.above(rowRecords() / 2)
    expect(verdict).to.deep.equal(CLEAN)
  })
})
