import { RECORDS } from './workload.ts'

export type Target = 'owner' | 'producer' | 'consumer'

export interface Kill {
  readonly target: Target
  /** When this many records have been acknowledged, and nearly as many consumed. */
  readonly at: number
  /** Picks one of the consumers; below 1. */
  readonly which: number
}

const TARGETS: readonly Target[] = [
  ...Array<Target>(8).fill('owner'),
  ...Array<Target>(6).fill('producer'),
  ...Array<Target>(6).fill('consumer'),
]

/** Twenty kills between 2 % and 95 % of the way, in an order and at points that follow from the seed. */
export function killPlan(seed: number): Kill[] {
  const random = mulberry32(seed)
  const points = TARGETS.map(() => Math.floor((0.02 + 0.93 * random()) * RECORDS)).sort((a, b) => a - b)
  const targets = [...TARGETS].sort(() => random() - 0.5)
  return points.map((at, i) => ({ target: targets[i]!, at, which: random() }))
}

/** Tommy Ettinger's mulberry32: small, seedable, good enough to choose with. */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
