import type { Broker, OffsetRange } from '../../broker/broker.ts'
import type { Position } from '../../record.ts'

/**
 * Where inputs are to be read from. Times in milliseconds since 1970; `shift` goes from where the group is, or from the
 * beginning where it has no position. (kafka-streams-application-reset's options)
 */
export type ResetTo =
  | { readonly how: 'earliest' | 'latest' }
  | { readonly how: 'offset'; readonly offset: number }
  | { readonly how: 'shift'; readonly by: number }
  | { readonly how: 'time'; readonly timestamp: number }

export interface InputReset extends Position {
  /** Where the group is now; undefined where it has no position. */
  readonly from: number | undefined
}

/** Where the group would begin in each partition of a topic; within what the topic holds. */
export async function inputResets(
  broker: Broker,
  group: string,
  topic: string,
  to: ResetTo,
): Promise<readonly InputReset[]> {
  const committed = await broker.admin.committed(group, [topic])
  const from = new Map(committed.map(({ partition, offset }) => [partition, offset]))
  const times = to.how === 'time' ? await broker.upkeep.offsetsForTime(topic, to.timestamp) : []
  const since = new Map(times.map(({ partition, offset }) => [partition, offset]))
  return (await broker.admin.offsets(topic)).map((range) => {
    const { partition, earliest, end } = range
    const wanted = offsetOf(to, range, from.get(partition), since.get(partition))
    const offset = Math.max(earliest, Math.min(end, wanted))
    return { topic, partition, from: from.get(partition), offset }
  })
}

function offsetOf(to: ResetTo, { earliest, end }: OffsetRange, from = earliest, since = end): number {
  switch (to.how) {
    case 'earliest':
      return earliest
    case 'latest':
      return end
    case 'offset':
      return to.offset
    case 'shift':
      return from + to.by
    case 'time':
      return since
  }
}
