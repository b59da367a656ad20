import type { Database } from '../connection.ts'
import type { RunState } from './ingest-run.ts'

/** The run history as a scheduler reads it: by the intervals for which runs were due. */
export function intervalHistory(database: Database) {
  return {
    /** Also of those before `since` that the schedule began and that have not ended. */
    async states(since: Date): Promise<ReadonlyMap<number, RunState>> {
      const rows = await database.query<{ dueAt: Date; state: RunState }>(
        'read the run history',
        `select due_at as "dueAt", state from millrace.ingest_runs
          where due_at >= $1 or (state = 'running' and run_type = 'scheduled')`,
        [since],
      )
      return new Map(rows.map(({ dueAt, state }) => [dueAt.getTime(), state]))
    },

    /** Of the schedule's own runs: a backfill of last year is no reason to make up for all since. */
    async range(): Promise<{ first: Date; latest: Date } | undefined> {
      const [row] = await database.query<{ first: Date | null; latest: Date | null }>(
        'read the run history',
        `select min(due_at) as first, max(due_at) as latest from millrace.ingest_runs
          where run_type = 'scheduled'`,
      )
      return row?.first && row.latest ? { first: row.first, latest: row.latest } : undefined
    },

    async skip(times: readonly Date[]): Promise<void> {
      await database.query(
        'note skipped intervals',
        `insert into millrace.ingest_runs
           (run_id, run_type, logical_time, due_at, state, attempts, source, seed, first_page, page_size, pages, finished_at)
         select run_id, 'scheduled', due_at, due_at, 'skipped', 0, '', '', 1, 1, 1, now()
           from unnest($1::text[], $2::timestamptz[]) as missed (run_id, due_at)
         on conflict do nothing`,
        [times.map((time) => time.toISOString()), [...times]],
      )
    },
  }
}
