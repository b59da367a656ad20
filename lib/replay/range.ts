import type { Broker, OffsetRange, Range } from '../broker/broker.ts'
import type { Bound } from './bound.ts'

/** What of a partition is replayed. */
export interface ReplayRange extends Range {
  /** Offsets that were asked for and that the topic does not hold any more: `[from, to)`. */
  readonly gap?: { readonly from: number; readonly to: number }
}

/**
 * The ranges of all partitions of these topics, as of now; those in which there is nothing are left out.
 *
 * A gap is what retention or compaction has taken: offsets before the first that is held, or an offset that is asked for
 * and holds no record. Of a time that is before the first record that is held nothing can be told but that, so it counts
 * as a gap where records before it were deleted.
 */
export async function rangesBetween(
  broker: Broker,
  topics: readonly string[],
  from: Bound,
  to: Bound,
): Promise<readonly ReplayRange[]> {
  const ranges: ReplayRange[] = []
  for (const topic of topics) {
    const [first, last] = [await offsetsAt(broker, topic, from), await offsetsAt(broker, topic, to)]
    for (const held of await broker.admin.offsets(topic)) {
      const { partition, earliest, end } = held
      const asked = offsetOf(from, held, first)
      const begin = Math.max(earliest, Math.min(end, asked))
      const range = {
        topic,
        partition,
        from: begin,
        to: Math.max(begin, Math.min(end, offsetOf(to, held, last))),
      }
      const gap = await gapOf(broker, range, held, from, asked)
      if (range.to > range.from || gap !== undefined)
        ranges.push(gap === undefined ? range : { ...range, gap })
    }
  }
  return ranges
}

async function offsetsAt(broker: Broker, topic: string, at: Bound): Promise<ReadonlyMap<number, number>> {
  if (at.how !== 'time') return new Map()
  const found = await broker.upkeep.offsetsForTime(topic, Math.max(0, at.timestamp))
  return new Map(found.map(({ partition, offset }) => [partition, offset]))
}

function offsetOf(at: Bound, { partition, earliest, end }: OffsetRange, times: ReadonlyMap<number, number>) {
  switch (at.how) {
    case 'earliest':
      return earliest
    case 'latest':
      return end
    case 'offset':
      return at.offset
    case 'time':
      return times.get(partition) ?? end
  }
}

async function gapOf(
  broker: Broker,
  range: Range,
  { earliest }: OffsetRange,
  from: Bound,
  asked: number,
): Promise<ReplayRange['gap']> {
  if (from.how === 'earliest' || from.how === 'latest') return undefined
  if (asked < earliest) return { from: asked, to: earliest }
  if (range.to <= range.from) return undefined
  // Whether older records of that time were deleted can't be told any more.
  if (from.how === 'time') {
    if (asked > earliest || earliest === 0) return undefined
    const first = await firstRecord(broker, range)
    return first === undefined || first.timestamp <= from.timestamp ? undefined : { from: 0, to: earliest }
  }
  const first = await firstRecord(broker, range)
  const there = first?.offset ?? range.to
  return there === asked ? undefined : { from: asked, to: there }
}

async function firstRecord(broker: Broker, range: Range) {
  for await (const { records } of broker.read([range])) {
    if (records[0] !== undefined) return records[0]
  }
  return undefined
}
