import type { Logger } from '../../../lib/log.ts'
import type { Lease } from './lease.ts'
import type { CaptureOptions } from './options.ts'
import type { Progress } from './progress.ts'
import type { Replication } from './wire.ts'

/** What the stages of a capture share, from one connecting to the next. */
export interface CaptureRun {
  readonly options: CaptureOptions
  readonly logger: Logger
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly lease: Lease
  connect(): Promise<Replication>
}

export const BATCH_RECORDS = 500
export const HEARTBEAT_MS = 10_000
