import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../connectors/postgres/connection.ts'
import { STAGING_ID, usersRaw, usersRawCapture } from '../../../topologies/users-raw.ts'
import { place } from '../../errors.ts'
import { headerOf, type RawRecord } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import { BucketedTable } from '../../verify/bucketed-table.ts'
import { gonePart } from '../../verify/causes.ts'
import { compareTables } from '../../verify/compare.ts'
import { type Finding, Findings, type Found } from '../../verify/findings.ts'
import { IdSet } from '../../verify/id-set.ts'
import { beginningsOf, isWithin } from '../../verify/period.ts'
import { type Checked, checkedOf } from '../../verify/report.ts'
import { addRecords, eachBatch, rangesOf } from '../../verify/topic-tables.ts'
import { type Reading, readStaging, type Staged } from './staging-hop.ts'

/** API history, staging, and what capture has made of it. `wait` in ms: how long a running capture may take. */
export async function verifyCapture(
  environment: Environment,
  database: Database,
  wait: number,
  reading: Reading,
): Promise<Checked[]> {
  const serdes = serdesOf(usersRaw, environment)
  await serdes.value.open?.()
  const staged = await readStaging(database, serdes, reading)
  const behind = await captureBehind(database, staged.position, wait)
  const raw = await rawHop(environment, database, staged, reading)
  const letters = await lettersHop(environment, database, staged, reading)
  return [
    { hop: 'api', records: staged.fetched, findings: [] },
    {
      hop: 'staging',
      records: staged.rows,
      keys: raw.staged,
      duplicates: staged.keyed - raw.staged,
      findings: staged.findings,
    },
    noted(raw.checked, behind),
    letters,
  ]
}

/** While a capture runs, waits until it has passed this position of the WAL. What to do about it if it has not. */
async function captureBehind(
  database: Database,
  position: string,
  wait: number,
): Promise<string | undefined> {
  const end = Date.now() + wait
  for (;;) {
    const [slot] = await database.query<{ active: boolean }>(
      'read the position of the capture',
      'SELECT active FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn < $2::pg_lsn',
      [usersRawCapture.slot, position],
    )
    if (slot === undefined) return undefined
    if (!slot.active) return 'no capture runs: start `millrace capture` or `millrace up`, and verify again'
    if (Date.now() >= end)
      return `capture is still behind after ${wait} ms: verify again, or with a longer --wait`
    await delay(200)
  }
}

/** An idle capture may be behind by WAL that is none of its rows: only what is missing is explained. */
function noted(hop: Checked, note: string | undefined): Checked {
  const missing = hop.findings.some(({ kind }) => kind === 'missing')
  return missing && note !== undefined ? { ...hop, note } : hop
}

async function rawHop(
  environment: Environment,
  database: Database,
  staged: Staged,
  { period, folder }: Reading,
): Promise<{ readonly checked: Checked; readonly staged: number }> {
  const { broker } = environment
  const hop = usersRaw.name
  const serdes = serdesOf(usersRaw, environment)
  const table = new BucketedTable(staged.expected.columns, folder)
  const seen = new IdSet()
  const found = new Findings()
  const from = await beginningsOf(broker, hop, period)
  await eachBatch(broker, await rangesOf(broker, hop, { from }), async (batch) => {
    const known: RawRecord[] = []
    const strangers: Stranger[] = []
    for (const record of batch) {
      const id = stagingId(headerOf(record.headers, STAGING_ID))
      if (id === undefined || !staged.ids.has(id)) {
        if (isWithin(period)(record.timestamp)) strangers.push({ id, record })
        continue
      }
      known.push(record)
      if (!seen.add(id)) found.add(duplicated(record, id))
    }
    await addRecords(table, serdes, known)
    for (const finding of await foreign(database, strangers)) found.add(finding)
  })
  const compared = compareTables(hop, staged.expected, table)
  const gone = await gonePart(environment, hop)
  found.addAll(compared.found, (finding) => explainedRaw(finding, gone))
  return {
    checked: checkedOf(hop, table.records, compared.keys.actual, found),
    staged: compared.keys.expected,
  }
}

interface Stranger {
  readonly id: number | undefined
  readonly record: RawRecord
}

/** Records whose row was not staged when the verification read the table, and is not now. */
async function foreign(database: Database, strangers: readonly Stranger[]): Promise<Finding[]> {
  const newer = await stagedSince(
    database,
    strangers.flatMap(({ id }) => id ?? []),
  )
  return strangers.flatMap(({ id, record }): Finding[] => {
    if (id !== undefined && newer.has(String(id))) return []
    const at = place(record)
    const finding = { hop: usersRaw.name, key: String(record.key), kind: 'too many', record: at } as const
    return id === undefined
      ? [{ ...finding, cause: 'a record nobody captured: it names no staged row', cure: KEPT }]
      : [{ ...finding, cause: `its staged row ${id} was deleted after it was captured`, cure: KEPT }]
  })
}

const KEPT = 'none: a topic keeps what was written to it'
const RECAPTURE = `stop the capture, millrace apply --recapture ${usersRawCapture.name}, start it: every staged row comes again`

function duplicated(record: RawRecord, id: number): Finding {
  return {
    hop: usersRaw.name,
    key: String(record.key),
    kind: 'duplicated',
    cause: `staged row ${id} was captured again: after a crash (at-least-once), or by a recapture`,
    cure: 'none needed: what follows is idempotent',
    record: place(record),
  }
}

function explainedRaw({ hop, key, kind, columns, at }: Found, gone: string | undefined): Finding {
  const row = `staged row ${at?.offset}`
  if (kind === 'missing') {
    const cause =
      gone === undefined
        ? `${row} was never captured, or was staged while the slot did not hold the log for it`
        : `its record ${gone}`
    return { hop, key, kind, cause, cure: RECAPTURE }
  }
  const cause = `${row} was changed after it was captured, or somebody else has written the record`
  return { hop, key, kind, ...(columns && { columns }), cause, cure: RECAPTURE }
}

/** Dead letters of the capture, by staging id. */
async function lettersHop(
  { broker }: Environment,
  database: Database,
  { ids, refused }: Staged,
  { period, folder }: Reading,
): Promise<Checked> {
  const hop = usersRawCapture.deadLetterTopic
  const letters = new BucketedTable([], folder)
  const newer = new BucketedTable([], folder)
  await eachBatch(broker, await rangesOf(broker, hop), async (batch) => {
    const strangers: number[] = []
    for (const { headers, timestamp } of batch) {
      const header = headerOf(headers, 'millrace.dlq.id')
      const id = stagingId(header)
      const known = id !== undefined && ids.has(id)
      // Letters are of the time at which rows were committed.
      if (known || isWithin(period)(timestamp)) letters.add(String(header ?? ''), 0, {})
      if (id !== undefined && !known) strangers.push(id)
    }
    for (const id of await stagedSince(database, strangers)) newer.add(id, 0, {})
  })
  const { found, keys } = compareTables(hop, refused, letters, { moving: newer, duplicates: true })
  const explained = new Findings()
  explained.addAll(found, ({ key, kind }) => ({ hop, key, kind, ...letterCause(kind) }))
  return checkedOf(hop, letters.records, keys.actual, explained)
}

function letterCause(kind: Finding['kind']): Pick<Finding, 'cause' | 'cure'> {
  if (kind === 'missing')
    return { cause: 'the row was never captured, or its letter has expired', cure: RECAPTURE }
  if (kind === 'too many')
    return {
      cause: 'its staged row was deleted or mended since, or nobody captured it',
      cure: 'millrace dlq redrive',
    }
  return { cause: 'captured again: after a crash (at-least-once), or by a recapture', cure: 'none needed' }
}

/** Undefined where a record names no row. */
function stagingId(header: Buffer | undefined): number | undefined {
  const id = Number(header)
  return header === undefined || header.length === 0 || !Number.isSafeInteger(id) || id < 0 ? undefined : id
}

/** Those of the given ids that are rows by now: staged after the verification had read the table. */
async function stagedSince(database: Database, ids: readonly number[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await database.query<{ id: string }>(
    'read staging',
    'SELECT staged.id::text FROM staging.random_users AS staged WHERE staged.id = ANY($1::bigint[])',
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
