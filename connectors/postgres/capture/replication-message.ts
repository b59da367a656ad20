/**
 * What travels inside CopyData between a walsender and us.
 * Source: PostgreSQL documentation, "Streaming Replication Protocol".
 */
import { ByteReader } from './byte-reader.ts'
import type { Lsn } from './lsn.ts'

export type ReplicationMessage =
  | { readonly kind: 'data'; readonly walEnd: Lsn; readonly payload: Buffer }
  /** Outside a transaction, all that was committed before `walEnd` has been sent. */
  | { readonly kind: 'keepalive'; readonly walEnd: Lsn; readonly replyRequested: boolean }

/** @throws {RangeError} if it is neither. The payload is a view: it must be read before the next message comes. */
export function parseReplicationMessage(bytes: Buffer): ReplicationMessage {
  const reader = new ByteReader(bytes)
  const type = reader.letter()
  if (type === 'w') {
    reader.int64() // where the data starts: not unique, of no use
    const walEnd = reader.int64()
    reader.int64() // the server's clock
    return { kind: 'data', walEnd, payload: reader.rest() }
  }
  if (type === 'k') {
    const walEnd = reader.int64()
    reader.int64()
    return { kind: 'keepalive', walEnd, replyRequested: reader.int8() === 1 }
  }
  throw new RangeError(`unknown replication message ${type}`)
}

const EPOCH_2000_MS = 946_684_800_000

/** Microseconds since 2000, PostgreSQL's clock, in milliseconds since 1970. */
export function millisecondsOf(microseconds: bigint): number {
  return EPOCH_2000_MS + Number(microseconds / 1000n)
}

/**
 * Standby status update. The server forgets everything before `flushed`; `written` only shows that we live.
 */
export function standbyStatus(written: Lsn, flushed: Lsn, nowMs: number): Buffer {
  const message = Buffer.alloc(34)
  message.write('r', 0)
  message.writeBigUInt64BE(written, 1)
  message.writeBigUInt64BE(flushed, 9)
  message.writeBigUInt64BE(flushed, 17)
  message.writeBigInt64BE(BigInt(nowMs - EPOCH_2000_MS) * 1000n, 25)
  return message
}
