import type { Broker } from '../broker/broker.ts'
import type { Position } from '../record.ts'

/** What is compared: what led to it is of a time in `[from, to)`. Milliseconds since 1970; open where undefined. */
export interface Period {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export function isWithin({ from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: Period) {
  return (time: number): boolean => time >= from && time < to
}

/** Where a topic is to be read from: what is before was all earlier. None: from its beginning. */
export async function beginningsOf(
  { upkeep }: Broker,
  topic: string,
  { from }: Period,
): Promise<readonly Position[] | undefined> {
  return from === undefined ? undefined : upkeep.offsetsForTime(topic, from)
}
