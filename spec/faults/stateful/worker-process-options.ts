import type { BrokerPlace } from '../../support/broker-place.ts'
import type { Death } from './deadly-broker.ts'

export interface WorkerProcessOptions {
  readonly place: BrokerPlace
  readonly run: string
  readonly stateDir: string
  readonly untilCaughtUp: boolean
  readonly death?: Death | undefined
}

export interface Said {
  /** How many partitions it has now. */
  readonly assigned?: number
  /** Records read from the changelogs for one task. */
  readonly restored?: number
  /** Counts that it has written. */
  readonly written?: number
}
