import type { Database } from '../../../connectors/postgres/connection.ts'
import { usersRawCapture } from '../../../topologies/users-raw.ts'

/** The cure for what was staged and never came out. */
export const RECAPTURE = `stop the capture, millrace apply --recapture ${usersRawCapture.name}, start it: every staged row comes again`

/** Undefined where a record names no row. */
export function stagingId(header: Buffer | undefined): number | undefined {
  const id = Number(header)
  return header === undefined || header.length === 0 || !Number.isSafeInteger(id) || id < 0 ? undefined : id
}

/** Those of the given ids that are rows by now: staged after the verification had read the table. */
export async function stagedSince(database: Database, ids: readonly number[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await database.query<{ id: string }>(
    'read staging',
    'SELECT staged.id::text FROM staging.random_users AS staged WHERE staged.id = ANY($1::bigint[])',
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
