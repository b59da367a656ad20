import type { Held } from './key-table.ts'

/** An entry of a bucket as bytes: key, clock, place, one hash a column. */
const HEAD = 4 + 8 + 4 + 8
const HASH = 4

export interface Entry {
  readonly key: string
  readonly held: Held
}

/** How many bytes an entry takes at most: UTF-8 has up to three for a UTF-16 unit. */
export function mostBytes(key: string, { hashes }: Held): number {
  return HEAD + 3 * key.length + HASH * hashes.length
}

/** Returns where the next one begins. */
export function writeEntry(into: Buffer, start: number, key: string, { clock, at, hashes }: Held): number {
  const length = into.write(key, start + HEAD)
  into.writeUInt32LE(length, start)
  into.writeDoubleLE(clock, start + 4)
  into.writeInt32LE(at?.partition ?? -1, start + 12)
  into.writeDoubleLE(at?.offset ?? -1, start + 16)
  let next = start + HEAD + length
  for (const hash of hashes) next = into.writeUInt32LE(hash, next)
  return next
}

export function* readEntries(bytes: Buffer, columns: number): Generator<Entry> {
  for (let start = 0; start < bytes.length; ) {
    const length = bytes.readUInt32LE(start)
    const end = start + HEAD + length
    const partition = bytes.readInt32LE(start + 12)
    const at = partition < 0 ? undefined : { partition, offset: bytes.readDoubleLE(start + 16) }
    const hashes = new Uint32Array(columns)
    for (let column = 0; column < columns; column++) hashes[column] = bytes.readUInt32LE(end + HASH * column)
    yield {
      key: bytes.toString('utf8', start + HEAD, end),
      held: { clock: bytes.readDoubleLE(start + 4), hashes, at },
    }
    start = end + HASH * columns
  }
}
