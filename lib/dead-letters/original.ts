import type { Broker } from '../broker/broker.ts'
import type { RawRecord } from '../record.ts'
import { type Letter, ownHeaders } from './letter.ts'

/**
 * The record that was refused, byte for byte, with its own time and place. What its letter had no room for is read from
 * where it came from; undefined where that is gone.
 */
export async function originalOf(broker: Broker, letter: Letter): Promise<RawRecord | undefined> {
  const { origin, key, value, timestamp, omitted } = letter
  if (origin.kind === 'row') return undefined
  const { topic, partition, offset } = origin
  if (omitted === undefined)
    return { topic, partition, offset, key, value, timestamp, headers: ownHeaders(letter) }
  if ((await broker.admin.topics([topic])).length === 0) return undefined
  const held = (await broker.admin.offsets(topic)).find((range) => range.partition === partition)
  if (held === undefined || offset < held.earliest || offset >= held.end) return undefined
  for await (const { records } of broker.read([{ topic, partition, from: offset, to: offset + 1 }])) {
    const found = records.find((record) => record.offset === offset)
    if (found !== undefined) return found
  }
  return undefined
}
