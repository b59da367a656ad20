import { setTimeout as delay } from 'node:timers/promises'
import type { Capture } from '../../../connectors/postgres/capture/capture.ts'
import type { Database } from '../../../connectors/postgres/connection.ts'
import { usersById } from '../../../topologies/insight/tables.ts'
import userInsights from '../../../topologies/user-insights.ts'
import { usersRaw } from '../../../topologies/users-raw.ts'
import type { BrokerAdmin } from '../../broker/broker.ts'
import type { DeployedWorker } from '../../deployed/deployed-worker.ts'
import { allReached, endsOf } from '../../runtime/caught-up.ts'
import { inputTopics } from '../../runtime/input-topics.ts'
import { print, table } from '../outcome.ts'
import type { Connected } from '../servers/connect.ts'
import { textOf } from '../verify/text.ts'
import { verify } from '../verify/verify-pipeline.ts'

export interface Arriving {
  readonly database: Database
  readonly capture: Capture
  readonly worker: DeployedWorker
  readonly admin: BrokerAdmin
  /** Nothing more comes: windows that wait for time are shown because the input is idle. */
  readonly once: boolean
}

/** Resolves when all that is staged has come through to the last hop, or when `signal` aborts. */
export async function arrived(
  { database, capture, worker: deployed, admin, once }: Arriving,
  signal: AbortSignal,
): Promise<void> {
  const { guarantee } = userInsights
  const { runsAs: group } = deployed
  const { own, written } = inputTopics(userInsights, group)
  const reaching = { admin, group, own: [...own, ...written], transactional: guarantee === 'exactly-once' }
  await captured(database, capture, signal)
  const ends = await endsOf(admin, [usersRaw.name])
  await allReached(reaching, ends, signal)
  while (once && !deployed.worker.settled && !signal.aborted) {
    await delay(100, undefined, { signal }).catch(() => {})
  }
  if (once) await allReached(reaching, ends, signal)
}

/** Resolves when all that was committed in PostgreSQL until now is in Kafka. */
async function captured(database: Database, capture: Capture, signal: AbortSignal): Promise<void> {
  const [now] = await database.query<{ lsn: string }>(
    'read the WAL position',
    'SELECT pg_current_wal_lsn() AS lsn',
  )
  while (!signal.aborted) {
    const [row] = await database.query<{ passed: boolean }>(
      'compare WAL positions',
      'SELECT $1::pg_lsn >= $2::pg_lsn AS passed',
      [capture.status.position ?? '0/0', now?.lsn],
    )
    if (row?.passed) return
    await delay(100, undefined, { signal }).catch(() => {})
  }
}

const SHOWN = 5

/** What every hop holds, read back from the servers, and some of the rows. */
export async function confirm(environment: Connected, database: Database, json: boolean): Promise<void> {
  const report = await verify(environment, database, { wait: 10_000, settled: true })
  process.exitCode = report.exitCode
  if (json) return print(report)
  process.stdout.write(`\n${textOf(report)}\n\n`)
  const columns = ['full_name', 'age_band', 'city', 'country', 'continent', 'currency']
  const rows: string[][] = []
  for await (const { value } of environment.tables.cassandra!.readTable(usersById)) {
    rows.push(columns.map((column) => String(value[column] ?? '')))
    if (rows.length === SHOWN) break
  }
  process.stdout.write(`${table(columns, rows)}\n`)
}
