import type { Waiting } from './attempt.ts'

/** Indexes of the records that must wait for each other, since they have one key. */
export function lanesByKey(batch: readonly Waiting[]): number[][] {
  const lanes = new Map<unknown, number[]>()
  for (const [index, { context }] of batch.entries()) {
    // Behind `keyBy` the record's own key is another; one that is no text is told by its bytes, from where it came.
    const key = typeof context.key === 'string' ? context.key : (context.raw.key?.toString('latin1') ?? index)
    const lane = lanes.get(key)
    if (lane === undefined) lanes.set(key, [index])
    else lane.push(index)
  }
  return [...lanes.values()]
}
