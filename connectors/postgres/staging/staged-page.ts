import type { Connection } from '../connection.ts'
import { sqlState } from '../database-error.ts'

export interface PageCounts {
  readonly staged: number
  readonly duplicates: number
  readonly asText: number
}

/**
 * One element a row, in order. The records of one uuid get distinct, rising milliseconds, because the write clock
 * of every sink is made of them: never below the newest one staged, whatever the wall clock says.
 */
const INSERT = `
  with incoming as (
    select place, json::jsonb as payload, rest, lower(left(json::jsonb -> 'login' ->> 'uuid', 64)) as uuid
      from unnest($2::text[], $3::text[]) with ordinality as element (json, rest, place)
  ), timed as (
    select place, payload, rest, uuid, newest, repeated,
           row_number() over (partition by uuid order by place) - 1 as earlier_in_page
      from incoming
      left join lateral (
        select max(fetched_at) as newest, coalesce(bool_or(run_id = $1), false) as repeated
          from staging.random_users where user_uuid = uuid
      ) as staged on true
  ), inserted as (
    insert into staging.random_users (run_id, payload, payload_text, fetched_at)
    select $1, payload, rest, case when uuid is null then $4::timestamptz
      else greatest($4::timestamptz, newest + interval '1 ms') + earlier_in_page * interval '1 ms' end
      from timed order by place
    returning 1
  )
  select (select count(*) from inserted)::int as staged,
         (count(*) filter (where uuid is not null and (repeated or earlier_in_page > 0)))::int as duplicates,
         (count(*) filter (where payload is null))::int as "asText"
    from timed`

/**
 * Stages a page inside the caller's transaction. Pages of concurrent runs go in one after the other, so that the
 * newest millisecond of a uuid is known. `fetchedAt` in ms since 1970.
 */
export async function stageElements(
  connection: Connection,
  runId: string,
  elements: readonly string[],
  fetchedAt: number,
): Promise<PageCounts> {
  await connection.query(`select pg_advisory_xact_lock(hashtextextended('millrace staging', 0))`)
  const insert = (json: readonly (string | null)[], rest: readonly (string | null)[]): Promise<PageCounts> =>
    counts(connection, [runId, json, rest, new Date(fetchedAt)])
  const whole = await unlessRefused(connection, () =>
    insert(
      elements,
      elements.map(() => null),
    ),
  )
  if (whole !== undefined) return whole
  const fits: boolean[] = []
  for (const element of elements) fits.push(await fitsJsonb(connection, element))
  return insert(
    elements.map((element, i) => (fits[i] ? element : null)),
    elements.map((element, i) => (fits[i] ? null : element)),
  )
}

async function counts(connection: Connection, values: readonly unknown[]): Promise<PageCounts> {
  const { rows } = await connection.query<PageCounts>(INSERT, [...values])
  return rows[0]!
}

async function fitsJsonb(connection: Connection, element: string): Promise<boolean> {
  const cast = () => connection.query('select $1::text::jsonb is null', [element])
  return (await unlessRefused(connection, cast)) !== undefined
}

/** Undefined when PostgreSQL refuses the data itself (SQLSTATE classes 22 and 54); the transaction goes on. */
async function unlessRefused<T>(connection: Connection, work: () => Promise<T>): Promise<T | undefined> {
  await connection.query('savepoint data')
  try {
    const result = await work()
    await connection.query('release savepoint data')
    return result
  } catch (error) {
    if (!/^(22|54)/.test(sqlState(error) ?? '')) throw error
    await connection.query('rollback to savepoint data')
    return undefined
  }
}
