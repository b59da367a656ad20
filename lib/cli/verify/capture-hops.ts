import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../connectors/postgres/connection.ts'
import { usersRaw, usersRawCapture } from '../../../topologies/users-raw.ts'
import type { Environment } from '../../runtime/environment.ts'
import { serdesOf } from '../../runtime/open.ts'
import type { Checked } from '../../verify/report.ts'
import { captureLettersHop } from './capture-letters-hop.ts'
import { rawHop } from './raw-hop.ts'
import { type Reading, readStaging } from './staging-hop.ts'

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
  const letters = await captureLettersHop(environment, database, staged, reading)
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
