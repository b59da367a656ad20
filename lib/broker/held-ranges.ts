import { MillraceError } from '../errors.ts'
import type { BrokerAdmin, OffsetRange, Range } from './broker.ts'

/** A topic's ranges by partition; `MISSING` when the topic does not exist. */
export async function rangesOf(admin: BrokerAdmin, topic: string): Promise<ReadonlyMap<number, OffsetRange>> {
  const ranges = await admin.offsets(topic)
  if (ranges.length === 0) {
    throw new MillraceError('MISSING', `Topic ${topic} does not exist; \`millrace apply\` creates it`, {
      topic,
    })
  }
  return new Map(ranges.map((range) => [range.partition, range]))
}

/** Rejects with `DATA_LOSS` when some of what these ranges ask for is not held (any more). */
export async function requireHeldRanges(admin: BrokerAdmin, ranges: readonly Range[]): Promise<void> {
  for (const topic of new Set(ranges.map((range) => range.topic))) {
    const held = await rangesOf(admin, topic)
    for (const range of ranges) {
      if (range.topic !== topic) continue
      const { partition, from, to } = range
      const { earliest = 0, end = 0 } = held.get(partition) ?? {}
      if (from >= earliest && to <= end) continue
      throw new MillraceError(
        'DATA_LOSS',
        `${topic}/${partition}: wanted the records from ${from} to ${to}, but it holds those from ${earliest} to ${end}`,
        { topic, partition, offset: from },
      )
    }
  }
}
