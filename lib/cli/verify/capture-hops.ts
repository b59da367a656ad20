import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../connectors/postgres/connection.ts'
import { STAGING_ID, usersRaw, usersRawCapture } from '../../../topologies/users-raw.ts'
import { headerOf, type RawRecord } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import { compare, compareSets, type Finding } from '../../verify/compare.ts'
import { KeyTable } from '../../verify/key-table.ts'
import type { Checked } from '../../verify/report.ts'
import { addRecords, eachBatch, rangesOf } from '../../verify/topic-tables.ts'
import { countsOf } from '../../verify/topology-hops.ts'
import { readStaging, type Staged } from './staging-hop.ts'

/** API history, staging, and what capture has made of it. `wait` in ms: how long a running capture may take. */
export async function verifyCapture(
  environment: Environment,
  database: Database,
  wait: number,
): Promise<Checked[]> {
  const serdes = serdesOf(usersRaw, environment)
  await serdes.value.open?.()
  const staged = await readStaging(database, serdes)
  const behind = await captureBehind(database, staged.position, wait)
  const keyed = staged.rows - staged.refused.size
  return [
    { hop: 'api', records: staged.fetched, findings: [] },
    {
      hop: 'staging',
      records: staged.rows,
      keys: staged.expected.size,
      duplicates: keyed - staged.expected.size,
      findings: staged.findings,
    },
    noted(await rawHop(environment, database, staged), behind),
    await lettersHop(environment, database, staged),
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

async function rawHop(environment: Environment, database: Database, staged: Staged): Promise<Checked> {
  const { broker } = environment
  const hop = usersRaw.name
  const serdes = serdesOf(usersRaw, environment)
  const table = new KeyTable(staged.expected.columns)
  const strangers: [id: string, key: string][] = []
  await eachBatch(broker, await rangesOf(broker, hop), async (batch) => {
    const known: RawRecord[] = []
    for (const record of batch) {
      const id = String(headerOf(record.headers, STAGING_ID) ?? '')
      if (staged.ids.has(id)) known.push(record)
      else strangers.push([id, String(record.key)])
    }
    await addRecords(table, serdes, known)
  })
  const newer = await stagedSince(
    database,
    strangers.map(([id]) => id),
  )
  const foreign = strangers
    .filter(([id]) => !newer.has(id))
    .map(([, key]): Finding => ({ hop, key, kind: 'too many' }))
  return { hop, ...countsOf(table), findings: [...compare(hop, staged.expected, table), ...foreign] }
}

/** Staging ids in capture's dead letters, against those that should be there. */
async function lettersHop({ broker }: Environment, database: Database, staged: Staged): Promise<Checked> {
  const hop = usersRawCapture.deadLetterTopic
  const ids = new Set<string>()
  let records = 0
  await eachBatch(broker, await rangesOf(broker, hop), (batch) => {
    records += batch.length
    for (const { headers } of batch) ids.add(String(headerOf(headers, 'millrace.dlq.id') ?? ''))
  })
  const newer = await stagedSince(
    database,
    [...ids].filter((id) => !staged.ids.has(id)),
  )
  const findings = compareSets(hop, staged.refused, ids, newer)
  return { hop, records, keys: ids.size, duplicates: records - ids.size, findings }
}

/** Those of the given ids that are rows by now: staged after the verification had read the table. */
async function stagedSince(database: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await database.query<{ id: string }>(
    'read staging',
    'SELECT staged.id::text FROM staging.random_users AS staged WHERE staged.id::text = ANY($1)',
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
