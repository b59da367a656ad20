import type { HopCounts } from './live-view.ts'

/** Over how long a rate is taken. Milliseconds. */
const WINDOW = 5000

/** Counts a second, by hop, over the last five seconds. */
export function rates(): (counts: HopCounts, now: number) => ReadonlyMap<string, number> {
  const samples: { at: number; counts: ReadonlyMap<string, number> }[] = []
  return (counts, now) => {
    samples.push({ at: now, counts: new Map(counts) })
    while (samples.length > 2 && samples[1]!.at <= now - WINDOW) samples.shift()
    const { at, counts: before } = samples[0]!
    const seconds = Math.max(now - at, 1) / 1000
    return new Map(
      counts.map(([hop, count]) => [hop, Math.round((count - (before.get(hop) ?? 0)) / seconds)]),
    )
  }
}
