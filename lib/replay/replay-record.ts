import { Ledger } from '../deployed/ledger.ts'
import type { Environment } from '../runtime/environment.ts'
import type { TimeRange } from '../topology/keyed-nodes.ts'
import type { ReplayRange } from './range.ts'

const KIND = 'replay'

/** What the ledger holds of a replay, so that another process can go on with it. */
export interface ReplayRecord {
  /** What was asked for: the same again goes on with it. */
  readonly request: string
  readonly ranges: readonly ReplayRange[]
  /** Every partition of the topics that it reads in ranges, with where it begins. */
  readonly begin: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  /** Times of which windows and joins are handed on; undefined: of all. */
  readonly shown?: TimeRange
  /** `begun`: where it begins is known to its group. */
  readonly state: 'prepared' | 'begun' | 'done'
  readonly since: string
  /** As it was measured, when it is done. */
  readonly recordsPerSecond?: number
}

export function readReplays({ broker }: Environment, application: string) {
  return new Ledger(broker).list<ReplayRecord>(KIND, application)
}

export async function noteReplay(
  { broker }: Environment,
  application: string,
  name: string,
  record: ReplayRecord | null,
): Promise<void> {
  await new Ledger(broker).write(KIND, application, record, name)
}
