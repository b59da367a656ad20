import { seededRandom } from '../../../lib/testing/random.ts'

/**
 * Where in a transaction a copier says that it is there: `sent`, with records in an open transaction, and then none of
 * its writers ends one any more; or `committing`, with a commit asked for.
 */
export type Stage = 'sent' | 'committing'

/** One life of the copier. */
export interface Life {
  /** `kill`: dies there and then. `freeze`: sleeps until its successor is at work, then goes on as a zombie. */
  readonly fate: 'kill' | 'freeze'
  readonly stage: Stage
  /** After so many transactions of this life. */
  readonly after: number
}

/** The last two freeze, the others are killed; all while there is work left. */
export function lives(seed: number, count: number, transactions: number): Life[] {
  const random = seededRandom(seed)
  const share = (transactions * 0.7) / count
  return Array.from({ length: count }, (_, i) => ({
    fate: i < count - 2 ? 'kill' : 'freeze',
    stage: i % 2 === 0 ? 'sent' : 'committing',
    after: Math.ceil(share * (0.3 + 0.7 * random())),
  }))
}
