import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { withKafka } from '../kafka.ts'
import { Checksum } from '../race/checksum.ts'
import { type Contestant, PARTITIONS } from '../race/contestant.ts'
import { laps, nextApplication } from '../race/race.ts'
import { readAll, type Written } from '../race/written.ts'
import type { RaceWorkload } from '../workload.ts'

const AT_A_TIME = 10_000
/** Has no factor in common with any power of ten: every key comes as often, and none soon again. */
const STRIDE = 7_919
const KEPT = { 'retention.ms': '-1' }
const VALUE = Buffer.from('1')
const BEGINNING = Date.parse('2026-11-20T00:00:00Z')

/** Small records of `keys` keys in turn, counted by key; as many as are asked for, and at least one of each key. */
export function keysRace(keys: number, contestants: readonly Contestant[]): RaceWorkload {
  return ({ rounds, records: asked }) =>
    withKafka(async function* (brokers, brokerPid) {
      const broker = kafkaBroker({ brokers })
      try {
        const records = Math.max(keys, Math.ceil(asked / keys) * keys)
        const input = `${nextApplication()}-keys`
        await broker.admin.createTopic({ topic: input, partitions: PARTITIONS, config: KEPT })
        await writeKeys(broker, input, keys, records)
        yield* laps({
          ...{ broker, brokers, brokerPid, contestants, rounds, input, records, partitions: PARTITIONS },
          checksum: checksumOf(new Float64Array(keys).fill(records / keys)),
          written: (_, topic) => lastCounts(broker, topic, keys),
        })
      } finally {
        await broker.close()
      }
    })
}

/** @param records as many of the first keys, in their order, beginning anew behind the last one. */
export async function writeKeys(broker: Broker, topic: string, keys: number, records: number): Promise<void> {
  const producer = await broker.producer({ clientId: 'bench' })
  for (let written = 0; written < records; written += AT_A_TIME) {
    const few = Array.from({ length: Math.min(AT_A_TIME, records - written) }, (_, i) => {
      const key = Buffer.from(String(keyOf(written + i, keys)))
      return { topic, key, value: VALUE, timestamp: BEGINNING + written + i, headers: NO_HEADERS }
    })
    await producer.send(few)
  }
  await producer.close()
}

export function keyOf(record: number, keys: number): number {
  return (record * STRIDE) % keys
}

/** What has come of each key. */
export async function lastCounts(broker: Broker, topic: string, keys: number): Promise<Written> {
  const counts = new Float64Array(keys)
  const last = await readAll(broker, topic, ({ key, value }) => {
    counts[Number(key)] = Number(value)
  })
  return { checksum: checksumOf(counts), last }
}

export function checksumOf(counts: Float64Array): string {
  const checksum = new Checksum()
  for (const [key, count] of counts.entries())
    checksum.add(Buffer.from(String(key)), Buffer.from(String(count)))
  return checksum.text
}
