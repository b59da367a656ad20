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
  /** The broker is disturbed in this life, before it ends. */
  readonly disturbed: boolean
}

export interface Plan {
  readonly seed: number
  readonly lives: number
  /** Lives in which the broker is disturbed, at most as many as there are. */
  readonly disturbances: number
  /** In all. */
  readonly transactions: number
}

/** The last two freeze, the others are killed; all while there is work left. */
export function planOf({ seed, lives, disturbances, transactions }: Plan): Life[] {
  const random = seededRandom(seed)
  const share = (transactions * 0.7) / lives
  const every = Math.ceil(lives / (disturbances + 1))
  return Array.from({ length: lives }, (_, i) => {
    const disturbed = i % every === every - 1 && i / every < disturbances
    return {
      fate: i < lives - 2 ? 'kill' : 'freeze',
      // Stopped at `sent` it would not go on behind a disturbance.
      stage: i % 2 === 0 && !disturbed ? 'sent' : 'committing',
      after: Math.ceil(share * (0.3 + 0.7 * random())),
      disturbed,
    }
  })
}
