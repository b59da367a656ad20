import type { Broker } from '../../broker/broker.ts'
import { NO_HEADERS, type OutRecord } from '../../record.ts'
import type { Difference } from '../diff/compared-sink.ts'
import { type DiffOptions, differencesOf } from '../diff/compared-sinks.ts'
import type { StoredEntry } from '../diff/stored-entry.ts'
import { shadowApplication, sinkName } from '../shadow.ts'
import { chunks } from './chunks.ts'
import type { Journal } from './journal.ts'

/** Keys and rows as they were before a promotion. Bytes are base64. */
interface PreImage {
  readonly clock: number | null
  readonly value: string | null
  readonly rest: string
}

export function preImagesTopic(application: string, name: string): string {
  return `${shadowApplication(application, name)}-preimages`
}

/** Writes down what live holds of every key that differs from the shadow. Done again, it begins anew. */
export async function writePreImages(options: DiffOptions, journal: Journal): Promise<number> {
  const { application, name, environment } = options
  const { admin, upkeep } = environment.broker
  const topic = preImagesTopic(application, name)
  await upkeep.deleteTopic(topic)
  await admin.createTopic({ topic, partitions: 1, config: { 'retention.ms': '-1' } })
  let written = 0
  for await (const some of chunks(differencesOf(options))) {
    await journal.write(some.map((difference) => preImageOf(topic, difference)))
    written += some.length
  }
  return written
}

function preImageOf(topic: string, { sink, key, stored }: Difference): OutRecord {
  const image: PreImage = {
    clock: stored?.clock ?? null,
    value: stored?.value?.toString('base64') ?? null,
    rest: stored?.rest.toString('base64') ?? '',
  }
  return {
    ...{ topic, partition: 0, timestamp: Date.now(), headers: NO_HEADERS },
    key: Buffer.from(JSON.stringify([sinkName(sink), key])),
    value: Buffer.from(JSON.stringify(image)),
  }
}

/** Those of one sink. None where none were written. */
export async function* readPreImages(
  broker: Broker,
  topic: string,
  sink: string,
): AsyncGenerator<StoredEntry> {
  if ((await broker.admin.topics([topic])).length === 0) return
  const ranges = (await broker.admin.offsets(topic)).flatMap(({ partition, earliest, end }) =>
    end > earliest ? [{ topic, partition, from: earliest, to: end }] : [],
  )
  for await (const { records } of broker.read(ranges)) {
    for (const record of records) {
      const [of, key] = JSON.parse(String(record.key)) as [string, string]
      if (of !== sink) continue
      const { clock, value, rest } = JSON.parse(String(record.value)) as PreImage
      yield {
        key,
        clock,
        value: value === null ? null : Buffer.from(value, 'base64'),
        rest: Buffer.from(rest, 'base64'),
      }
    }
  }
}
