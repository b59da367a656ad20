import type pg from 'pg'
import type { CaptureSpec } from '../../connectors/postgres/capture/options.ts'
import { wholeUsers } from '../users.ts'

export const TABLE = 'staging.random_users'
const AT_A_TIME = 1_000

/** @param application names the slot: the server has one of a name. */
export function captureOf(application: string): CaptureSpec {
  const slot = application.replaceAll('-', '_')
  return { name: 'users', table: TABLE, publication: 'bench_users', slot }
}

/** The columns of the pipeline's staging table that are read here. */
export async function createStaging(database: pg.Client): Promise<void> {
  await database.query(`
    CREATE SCHEMA staging;
    CREATE TABLE ${TABLE} (
      id bigserial PRIMARY KEY, run_id text, payload jsonb, fetched_at timestamptz NOT NULL DEFAULT now()
    )`)
}

/** In transactions of 1,000 rows, each user with a uuid of its own. */
export async function stage(database: pg.Client, rows: number): Promise<void> {
  const people = wholeUsers(AT_A_TIME)
  for (let staged = 0; staged < rows; staged += AT_A_TIME) {
    const payloads = Array.from({ length: Math.min(AT_A_TIME, rows - staged) }, (_, i) => {
      const user = people[i % people.length]!
      return JSON.stringify({ ...user, login: { ...user.login, uuid: uuidOf(staged + i) } })
    })
    await database.query(`INSERT INTO ${TABLE} (run_id, payload) SELECT 'bench', unnest($1::jsonb[])`, [
      payloads,
    ])
  }
}

/** Of a staged row, from 0. */
export function uuidOf(row: number): string {
  return `00000000-0000-4000-8000-${row.toString(16).padStart(12, '0')}`
}
