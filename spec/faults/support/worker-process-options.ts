import type { BrokerPlace } from '../../support/broker-place.ts'
import type { Death } from './deadly-broker.ts'

export interface WorkerProcessOptions {
  /** Of a module that exports `said(run): Topology`, e.g. `new URL('workload.ts', import.meta.url).href`. */
  readonly module: string
  readonly run: string
  readonly place: BrokerPlace
  readonly stateDir: string
  readonly untilCaughtUp: boolean
  /** Records of a micro-batch. Default 20. */
  readonly batch?: number
  /** For contracts. */
  readonly registryUrl?: string
  readonly death?: Death | undefined
}

export interface Said {
  /** How many partitions it has now. */
  readonly assigned?: number
  /** Records read from the changelogs for one task. */
  readonly restored?: number
  /** Records that each sink has written. */
  readonly written?: Readonly<Record<string, number>>
  /** What ended it: the code of the error, and its message. */
  readonly failed?: { readonly code: string; readonly message: string }
}
