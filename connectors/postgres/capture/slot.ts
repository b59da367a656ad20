import { MillraceError } from '../../../lib/errors.ts'
import type { Database } from '../connection.ts'
import { type Lsn, parseLsn } from './lsn.ts'
import { quoteSlot } from './slot-name.ts'

/** A replication slot as the server sees it. */
export interface SlotState {
  readonly plugin: string | null
  readonly database: string | null
  /** The server starts no earlier than this, whatever it is asked for. */
  readonly confirmed: Lsn
  /** `lost`: the server has removed WAL this slot needs, or invalidated it. */
  readonly walStatus: string | null
  /** The process that streams from it now. */
  readonly activePid: number | null
}

/** Where the server is. */
export interface ServerState {
  readonly database: string
  readonly system: string
  /** End of the write-ahead log. */
  readonly walEnd: Lsn
}

export async function inspectSlot(database: Database, slot: string): Promise<SlotState | undefined> {
  const [row] = await database.query<{
    plugin: string | null
    database: string | null
    confirmed: string | null
    wal_status: string | null
    active_pid: number | null
  }>(
    `look at replication slot ${slot}`,
    `SELECT plugin, database, confirmed_flush_lsn::text AS confirmed, wal_status, active_pid
       FROM pg_replication_slots WHERE slot_name = $1`,
    [slot],
  )
  if (row === undefined) return undefined
  const { plugin, confirmed, wal_status: walStatus, active_pid: activePid } = row
  return {
    plugin,
    database: row.database,
    confirmed: confirmed === null ? 0n : parseLsn(confirmed),
    walStatus,
    activePid,
  }
}

export async function inspectServer(database: Database): Promise<ServerState> {
  const [row] = await database.query<{ database: string; system: string; wal_end: string }>(
    'look at the write-ahead log',
    `SELECT current_database() AS database, pg_current_wal_insert_lsn()::text AS wal_end,
            (SELECT system_identifier::text FROM pg_control_system()) AS system`,
  )
  if (row === undefined) throw new MillraceError('INTERNAL', 'PostgreSQL did not tell where its log ends')
  return { database: row.database, system: row.system, walEnd: parseLsn(row.wal_end) }
}

/** Makes the slot: from here on the server keeps its log. Waits for the write transactions that are running. */
export async function createSlot(database: Database, slot: string): Promise<void> {
  quoteSlot(slot)
  await requireRoom(database)
  await database.query(
    `create replication slot ${slot}`,
    "SELECT pg_create_logical_replication_slot($1, 'pgoutput')",
    [slot],
  )
}

/** A capture also needs a second slot for as long as it takes a snapshot. */
async function requireRoom(database: Database): Promise<void> {
  const [row] = await database.query<{ wal_level: string; free: number }>(
    'look at the replication settings',
    `SELECT current_setting('wal_level') AS wal_level,
            current_setting('max_replication_slots')::int - (SELECT count(*)::int FROM pg_replication_slots) AS free`,
  )
  if (row?.wal_level !== 'logical') {
    throw new MillraceError(
      'CONFIG',
      `PostgreSQL at ${database.server} has wal_level ${row?.wal_level}: capture needs wal_level = logical and a restart`,
    )
  }
  if (row.free < 2) {
    throw new MillraceError(
      'CONFIG',
      `PostgreSQL at ${database.server} has ${row.free} replication slots left, capture needs 2: raise max_replication_slots`,
    )
  }
}
