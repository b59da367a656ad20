import { seededRandom } from '../../../lib/testing/random.ts'
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
  const random = seededRandom(seed)
  const points = TARGETS.map(() => Math.floor((0.02 + 0.93 * random()) * RECORDS)).sort((a, b) => a - b)
  const targets = [...TARGETS].sort(() => random() - 0.5)
  return points.map((at, i) => ({ target: targets[i]!, at, which: random() }))
}
