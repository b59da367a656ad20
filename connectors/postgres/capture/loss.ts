import { formatLsn } from './lsn.ts'
import type { CaptureSpec } from './options.ts'
import type { StoredPosition } from './position.ts'
import type { ServerState, SlotState } from './slot.ts'

/** What a stored position is compared with. */
export interface Found {
  readonly slot: SlotState | undefined
  readonly server: ServerState
  /** What ties the table to its publication: see published.ts. */
  readonly published: string | undefined
}

/** Why going on from here would miss committed rows, and the cure; undefined if it would not. */
export function lossBy(spec: CaptureSpec, stored: StoredPosition, found: Found): string | undefined {
  const { name, table } = spec
  // A snapshot still to come holds all that was committed before it.
  const why =
    slotLoss(spec, stored, found) ??
    (stored.snapshot === 'done' ? positionLoss(spec, stored, found) : undefined)
  if (why === undefined) return undefined
  return (
    `capture ${name}: ${why}, so rows of ${table} may be missing. To capture every row of ${table} again ` +
    `(duplicates are possible, nothing is lost): millrace apply --recapture ${name}`
  )
}

function slotLoss(spec: CaptureSpec, stored: StoredPosition, { slot, server }: Found): string | undefined {
  if (stored.slot !== spec.slot || stored.source !== spec.table) {
    return `its position belongs to slot ${stored.slot} of ${stored.source}`
  }
  if (slot === undefined) return `replication slot ${spec.slot} is gone`
  if (slot.plugin !== 'pgoutput' || slot.database !== server.database) {
    return `replication slot ${spec.slot} belongs to another plugin or database`
  }
  if (slot.walStatus === 'lost') {
    return `replication slot ${spec.slot} has lost its write-ahead log (wal_status lost)`
  }
  return undefined
}

/** From PostgreSQL 15 on a server that is asked for an older position than the slot's silently starts at the slot's. */
function positionLoss(spec: CaptureSpec, stored: StoredPosition, found: Found): string | undefined {
  const { slot, server, published } = found
  if (stored.system !== server.system) return 'its position was stored by another PostgreSQL cluster'
  if (slot !== undefined && slot.confirmed > stored.lsn) {
    return (
      `replication slot ${spec.slot} was advanced to ${formatLsn(slot.confirmed)} behind our back, ` +
      `while Kafka has all up to ${formatLsn(stored.lsn)}`
    )
  }
  if (stored.lsn > server.walEnd) {
    return `its position ${formatLsn(stored.lsn)} lies beyond the end of the log ${formatLsn(server.walEnd)}`
  }
  if (stored.published !== published) {
    return `publication ${spec.publication} or table ${spec.table} was made anew, or the table taken out for a while`
  }
  return undefined
}
