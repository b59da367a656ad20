import type { Broker } from '../broker/broker.ts'
import { MillraceError, place } from '../errors.ts'
import type { Position, RawRecord } from '../record.ts'

/** The record at a place. @throws MillraceError `MISSING` where there is no such topic, partition or record. */
export async function recordAt(broker: Broker, at: Position): Promise<RawRecord> {
  const { topic, partition, offset } = at
  if ((await broker.admin.topics([topic])).length === 0)
    throw new MillraceError(
      'MISSING',
      `there is no topic ${topic}: \`millrace plan\` names those there should be`,
    )
  const held = (await broker.admin.offsets(topic)).find((range) => range.partition === partition)
  if (held === undefined) throw new MillraceError('MISSING', `topic ${topic} has no partition ${partition}`)
  const { earliest, end } = held
  if (offset >= earliest && offset < end) {
    for await (const { records } of broker.read([{ topic, partition, from: offset, to: offset + 1 }])) {
      const found = records.find((record) => record.offset === offset)
      if (found !== undefined) return found
    }
  }
  const why =
    offset < earliest || offset >= end
      ? `${topic}/${partition} holds offsets ${earliest} up to ${end - 1}`
      : 'it was compacted away, or is no record but a mark of a transaction'
  throw new MillraceError(
    'MISSING',
    `there is no record ${place(at)}: ${end === earliest ? 'the partition is empty' : why}`,
  )
}
