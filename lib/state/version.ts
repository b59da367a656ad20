/**
 * Versions of a row as bytes: as `RowCodec` writes rows with timestamps, so that a row becomes a former one as it is.
 * That there was none from a time on has no value, and its time as a negative number.
 */
export function tombstone(start: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(-1 - start)
  return bytes
}

export function isTombstone(bytes: Buffer): boolean {
  return bytes.readDoubleBE() < 0
}

export function versionStart(bytes: Buffer): number {
  const start = bytes.readDoubleBE()
  return start < 0 ? -1 - start : start
}
