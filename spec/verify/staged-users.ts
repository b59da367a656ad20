import type pg from 'pg'
import { recorded } from '../e2e/recorded.ts'

/** What `uuidOf` makes of the number. */
const UUID = `substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3) || '-8' || substr(h, 18, 3) || '-' || substr(h, 21, 12)`

/**
 * Stages so many users in the API's format, made of the recorded ones, as one run that is in the history: one a
 * millisecond, up to an hour ago.
 */
export async function stageUsers(client: Pick<pg.ClientBase, 'query'>, users: number): Promise<void> {
  await client.query('CREATE TEMP TABLE recorded (n int, payload jsonb)')
  await client.query(
    'INSERT INTO recorded SELECT (n - 1)::int, payload FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS r (payload, n)',
    [JSON.stringify(recorded)],
  )
  const first = new Date(Date.now() - 3_600_000)
  await client.query(
    `INSERT INTO staging.random_users (run_id, payload, fetched_at)
     SELECT 'bulk', jsonb_set(payload, '{login,uuid}', to_jsonb(${UUID})), $2::timestamptz + i * interval '1 ms'
     FROM (SELECT i, md5(i::text) AS h FROM generate_series(0, $1::int - 1) AS i) AS made
     JOIN recorded ON n = i % ${recorded.length} ORDER BY i`,
    [users, first],
  )
  await client.query(
    `INSERT INTO millrace.ingest_runs (run_id, logical_time, state, source, seed, first_page, page_size, pages, pages_done, fetched, staged)
     VALUES ('bulk', $2, 'succeeded', 'spec', 'bulk', 1, 5000, $1::int, $1::int, $3, $3)`,
    [Math.ceil(users / 5000), first, users],
  )
}
