import type { Logger } from '../../lib/log.ts'
import { SILENT } from '../../lib/log.ts'

export interface EmbeddedBrokerOptions {
  /** The log's folder; made, for this user alone, if it is not there. */
  readonly dir: string
  readonly logger?: Logger | undefined
  readonly timing?: Partial<EmbeddedTiming> | undefined
  /** The clock of retention and compaction. Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/** All in milliseconds. */
export interface EmbeddedTiming {
  /** How long to look for the log's owner, or try to become it, before `UNREACHABLE`. */
  readonly connect: number
  /** How long who answers at the owner's socket may take to say who it is. */
  readonly greeting: number
  /** A process that is silent for this long loses its members' partitions. */
  readonly session: number
  readonly heartbeat: number
  /** How long a rebalance waits for a member to finish. */
  readonly rebalance: number
  /** Between two rounds of retention and compaction. */
  readonly clean: number
}

export interface EmbeddedSettings {
  readonly dir: string
  readonly logger: Logger
  readonly timing: EmbeddedTiming
  readonly now: () => number
}

const TIMING: EmbeddedTiming = {
  connect: 30_000,
  greeting: 5_000,
  session: 30_000,
  heartbeat: 3_000,
  rebalance: 60_000,
  clean: 30_000,
}

export function embeddedSettings(options: EmbeddedBrokerOptions): EmbeddedSettings {
  return {
    dir: options.dir,
    logger: options.logger ?? SILENT,
    timing: { ...TIMING, ...options.timing },
    now: options.now ?? Date.now,
  }
}
