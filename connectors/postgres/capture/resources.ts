import { MillraceError } from '../../../lib/errors.ts'
import type { Resource } from '../../../lib/ports.ts'
import type { Database } from '../connection.ts'
import { type Found, lossBy } from './loss.ts'
import type { CaptureSpec } from './options.ts'
import {
  CAPTURES_TABLE,
  CREATE_CAPTURES,
  readPosition,
  type StoredPosition,
  storePending,
} from './position.ts'
import { createPublication, inspectPublication } from './publication.ts'
import { inspectPublished } from './published.ts'
import { createSlot, inspectServer, inspectSlot } from './slot.ts'

/**
 * What `apply` creates for a capture, in this order: from the moment the slot exists the server keeps every change
 * of the table, and the first run captures the rows that were there before.
 */
export function captureResources(database: Database, spec: CaptureSpec): readonly Resource[] {
  return [capturesTable(database), publication(database, spec), slot(database, spec)]
}

/**
 * The cure for a lost slot: makes it anew and lets the next run capture every row of the table again. Nothing is
 * lost, duplicates are possible. Interrupted at any point, it can be run again.
 * @throws {MillraceError} `CONFIG` while the capture runs.
 */
export async function recapture(database: Database, spec: CaptureSpec): Promise<void> {
  const state = await inspectSlot(database, spec.slot)
  if (state?.activePid) {
    throw new MillraceError(
      'CONFIG',
      `capture ${spec.name} is running (PostgreSQL process ${state.activePid} streams from slot ${spec.slot}): stop it first`,
    )
  }
  for (const resource of [capturesTable(database), publication(database, spec)]) await resource.create()
  await database.query(
    `forget the position of capture ${spec.name}`,
    "UPDATE millrace.captures SET snapshot = 'pending' WHERE name = $1",
    [spec.name],
  )
  if (state !== undefined) {
    await database.query(`drop replication slot ${spec.slot}`, 'SELECT pg_drop_replication_slot($1)', [
      spec.slot,
    ])
  }
  await slot(database, spec).create()
}

/**
 * How far this capture is, after a check that going on from there loses nothing.
 * @throws {MillraceError} `MISSING` for what `apply` makes, `DATA_LOSS` when committed rows would be skipped.
 */
export async function checkCapture(database: Database, spec: CaptureSpec): Promise<StoredPosition> {
  for (const resource of captureResources(database, spec)) {
    const found = await resource.inspect()
    if (found === 'missing') {
      throw new MillraceError(
        'MISSING',
        `capture ${spec.name}: ${resource.kind} ${resource.name} does not exist in PostgreSQL at ${database.server}. ` +
          'Create it with: millrace apply',
        { step: spec.name },
      )
    }
    if (found !== 'present') throw new MillraceError('DATA_LOSS', found.differs, { step: spec.name })
  }
  const stored = await readPosition(database, spec.name)
  if (stored === undefined)
    throw new MillraceError('INTERNAL', `capture ${spec.name} lost its position while starting`)
  return stored
}

function capturesTable(database: Database): Resource {
  return {
    kind: 'table',
    name: CAPTURES_TABLE,
    async inspect() {
      const [row] = await database.query<{ found: boolean }>(
        `look for table ${CAPTURES_TABLE}`,
        'SELECT to_regclass($1) IS NOT NULL AS found',
        [CAPTURES_TABLE],
      )
      return row?.found ? 'present' : 'missing'
    },
    async create() {
      await database.query(`create table ${CAPTURES_TABLE}`, CREATE_CAPTURES)
    },
  }
}

function publication(database: Database, spec: CaptureSpec): Resource {
  return {
    kind: 'publication',
    name: spec.publication,
    async inspect() {
      const found = await inspectPublication(database, spec.publication, spec.table)
      if (typeof found === 'string') return found
      return {
        differs:
          `capture ${spec.name}: ${found.differs}, so rows of ${spec.table} may be missing. Correct or drop it, ` +
          `then capture every row again: millrace apply --recapture ${spec.name}`,
      }
    },
    create: () => createPublication(database, spec.publication, spec.table),
  }
}

function slot(database: Database, spec: CaptureSpec): Resource {
  return {
    kind: 'slot',
    name: spec.slot,
    async inspect() {
      if ((await capturesTable(database).inspect()) === 'missing') return 'missing'
      // The slot first: a capture that runs beside this stores its position before it tells the slot.
      const slot = await inspectSlot(database, spec.slot)
      const stored = await readPosition(database, spec.name)
      if (stored === undefined) return 'missing'
      const found = { slot, ...(await findServer(database, spec)) }
      const begun = found.slot !== undefined && found.published === stored.published
      if (stored.snapshot === 'pending' && !begun) return 'missing'
      const differs = lossBy(spec, stored, found)
      return differs === undefined ? 'present' : { differs }
    },
    async create() {
      const stored = await readPosition(database, spec.name)
      if (stored?.snapshot === 'done') return
      if ((await inspectSlot(database, spec.slot)) === undefined) await createSlot(database, spec.slot)
      const slot = await inspectSlot(database, spec.slot)
      const { server, published } = await findServer(database, spec)
      if (slot === undefined || published === undefined) {
        throw new MillraceError('INTERNAL', `slot ${spec.slot} or its publication vanished while it was made`)
      }
      await storePending(database, spec.name, {
        slot: spec.slot,
        source: spec.table,
        lsn: slot.confirmed,
        system: server.system,
        published,
      })
    },
  }
}

async function findServer(database: Database, spec: CaptureSpec): Promise<Omit<Found, 'slot'>> {
  return {
    server: await inspectServer(database),
    published: await inspectPublished(database, spec.publication, spec.table),
  }
}
