import type pg from 'pg'
import { MillraceError } from '../../../lib/errors.ts'
import type { Database } from '../connection.ts'
import { quoteTable } from '../identifier.ts'
import { formatLsn, type Lsn, parseLsn } from './lsn.ts'
import type { CaptureSpec } from './options.ts'
import { publishedAs } from './published.ts'

/** Where captures keep how far they are. It is part of their publications: each update is a heartbeat. */
export const CAPTURES_TABLE = 'millrace.captures'

/** What is durably known of a capture. */
export interface StoredPosition {
  readonly slot: string
  /** `schema.table` */
  readonly source: string
  /** All that was committed before is durably in Kafka, once the snapshot is done. */
  readonly lsn: Lsn
  /** `pending`: the rows that were there before the stream are still to be captured. */
  readonly snapshot: 'pending' | 'done'
  /** Identifies the PostgreSQL cluster: an LSN means nothing in another one. */
  readonly system: string
  /** What ties the table to its publication: see published.ts. */
  readonly published: string
}

/** Where a capture begins. */
export type Begin = Omit<StoredPosition, 'snapshot'>

export const CREATE_CAPTURES = `
  CREATE SCHEMA IF NOT EXISTS millrace;
  CREATE TABLE IF NOT EXISTS millrace.captures (
    name text PRIMARY KEY,
    slot text NOT NULL,
    source text NOT NULL,
    lsn pg_lsn NOT NULL,
    snapshot text NOT NULL CHECK (snapshot IN ('pending', 'done')),
    system text NOT NULL,
    published text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`

/** @returns undefined if `millrace apply` has not made this capture yet. */
export async function readPosition(database: Database, name: string): Promise<StoredPosition | undefined> {
  const [row] = await database.query<{
    slot: string
    source: string
    lsn: string
    snapshot: 'pending' | 'done'
    system: string
    published: string
  }>(
    `read the position of capture ${name}`,
    'SELECT slot, source, lsn::text, snapshot, system, published FROM millrace.captures WHERE name = $1',
    [name],
  )
  return row && { ...row, lsn: parseLsn(row.lsn) }
}

/**
 * Stores how far the stream is delivered. Resolves when committed: only then may the slot be told. Never goes
 * back, so that a predecessor that is slow to die can't undo what its successor stored.
 * @throws {MillraceError} `WRITE`, to be looked at again, if the table is no longer published as it was: the stream
 * may have left out rows before this position.
 */
export async function storePosition(client: pg.ClientBase, spec: CaptureSpec, lsn: Lsn): Promise<void> {
  const { name, publication, table } = spec
  const { rowCount } = await client.query(
    `UPDATE millrace.captures SET lsn = greatest(lsn, $2::pg_lsn), updated_at = now()
      WHERE name = $1 AND published = ${publishedAs('$3', '$4')}`,
    [name, formatLsn(lsn), publication, quoteTable(table)],
  )
  if (rowCount === 1) return
  throw new MillraceError(
    'WRITE',
    `capture ${name} did not store its position: ${table} is no longer published by ${publication} as it was`,
    { step: name, retriable: true },
  )
}

/** Stores that this capture begins with a snapshot; changes nothing once the snapshot is done. */
export async function storePending(database: Database, name: string, begin: Begin): Promise<void> {
  const { slot, source, lsn, system, published } = begin
  await database.query(
    `store the position of capture ${name}`,
    `INSERT INTO millrace.captures (name, slot, source, lsn, snapshot, system, published)
     VALUES ($1, $2, $3, $4, 'pending', $5, $6)
     ON CONFLICT (name) DO UPDATE
       SET slot = $2, source = $3, lsn = $4, system = $5, published = $6, updated_at = now()
       WHERE captures.snapshot = 'pending'`,
    [name, slot, source, formatLsn(lsn), system, published],
  )
}

/** Stores that all rows visible at `lsn` are delivered: the stream goes on from there. */
export async function storeSnapshotDone(client: pg.ClientBase, name: string, lsn: Lsn): Promise<void> {
  await client.query(
    "UPDATE millrace.captures SET lsn = $2::pg_lsn, snapshot = 'done', updated_at = now() WHERE name = $1",
    [name, formatLsn(lsn)],
  )
}
