import type { Database } from './connection.ts'
import type { RunState } from './ingest-run.ts'

/** The run history as a scheduler reads it: by the intervals for which runs were due. */
export function intervalHistory(database: Database) {
  return {
    async states(since: Date): Promise<ReadonlyMap<number, RunState>> {
      const rows = await database.query<{ dueAt: Date; state: RunState }>(
        'read the run history',
        'select due_at as "dueAt", state from millrace.ingest_runs where due_at >= $1',
        [since],
      )
      return new Map(rows.map(({ dueAt, state }) => [dueAt.getTime(), state]))
    },

    async range(): Promise<{ first: Date; latest: Date } | undefined> {
      const [row] = await database.query<{ first: Date | null; latest: Date | null }>(
        'read the run history',
        'select min(due_at) as first, max(due_at) as latest from millrace.ingest_runs',
      )
      return row?.first && row.latest ? { first: row.first, latest: row.latest } : undefined
    },

    async skip(dueAt: Date): Promise<void> {
      await database.query(
        'note a skipped interval',
        `insert into millrace.ingest_runs
           (run_id, logical_time, due_at, state, source, seed, first_page, page_size, pages, finished_at)
         values ($1, $2, $2, 'skipped', '', '', 1, 1, 1, now()) on conflict do nothing`,
        [dueAt.toISOString(), dueAt],
      )
    },
  }
}
