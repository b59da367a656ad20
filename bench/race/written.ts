import type { Broker } from '../../lib/broker/broker.ts'
import type { RawRecord } from '../../lib/record.ts'
import { Checksum } from './checksum.ts'

/** What a contestant has written, as whoever reads committed records sees it. */
export interface Written {
  readonly checksum: string
  /** When the broker appended the last of it, in milliseconds. */
  readonly last: number
}

/** Of a topic whose records have the time at which they were appended: the same clock for all, and none of theirs. */
export const APPEND_TIME = { 'message.timestamp.type': 'LogAppendTime', 'retention.ms': '-1' }

/** Every record counts. */
export async function everyRow(broker: Broker, topic: string): Promise<Written> {
  const checksum = new Checksum()
  const last = await readAll(broker, topic, ({ key, value }) => checksum.add(key!, value!))
  return { checksum: checksum.text, last }
}

/** Returns the time of the latest. */
export async function readAll(
  broker: Broker,
  topic: string,
  look: (record: RawRecord) => void,
): Promise<number> {
  const ranges = (await broker.admin.offsets(topic)).map(({ partition, earliest: from, end: to }) => {
    return { topic, partition, from, to }
  })
  let last = 0
  for await (const { records } of broker.read(ranges)) {
    for (const record of records) {
      look(record)
      last = Math.max(last, record.timestamp)
    }
  }
  return last
}
