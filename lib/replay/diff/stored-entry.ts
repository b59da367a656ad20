/** One row or record of one side: what it is called, when it was written, and what it holds. */
export interface StoredEntry {
  /** The same on both sides. */
  readonly key: string
  /** Decides between several of a key; null where nothing says it. */
  readonly clock: number | null
  /** Equal bytes are equal values; others may be. Null for a deletion. */
  readonly value: Buffer | null
  /** What else is to be known of it, and not compared. */
  readonly rest: Buffer
}

/** Lengths of key, value and rest, and the clock. */
const HEAD = 4 + 4 + 4 + 8
/** Instead of a value's length. */
const DELETED = 0xffffffff

/** How many bytes it takes at most: UTF-8 has up to three for a UTF-16 unit. */
export function mostBytes({ key, value, rest }: StoredEntry): number {
  return HEAD + 3 * key.length + (value?.length ?? 0) + rest.length
}

/** Returns where the next one begins. */
export function writeEntry(into: Buffer, start: number, { key, clock, value, rest }: StoredEntry): number {
  const length = into.write(key, start + HEAD)
  into.writeUInt32LE(length, start)
  into.writeUInt32LE(value?.length ?? DELETED, start + 4)
  into.writeUInt32LE(rest.length, start + 8)
  into.writeDoubleLE(clock ?? Number.NaN, start + 12)
  const next = start + HEAD + length
  const behind = next + (value?.copy(into, next) ?? 0)
  return behind + rest.copy(into, behind)
}

/** The entries hold on to the given bytes. */
export function* readEntries(bytes: Buffer): Generator<StoredEntry> {
  for (let start = 0; start < bytes.length; ) {
    const clock = bytes.readDoubleLE(start + 12)
    const value = start + HEAD + bytes.readUInt32LE(start)
    const length = bytes.readUInt32LE(start + 4)
    const rest = length === DELETED ? value : value + length
    const next = rest + bytes.readUInt32LE(start + 8)
    yield {
      key: bytes.toString('utf8', start + HEAD, value),
      clock: Number.isNaN(clock) ? null : clock,
      value: length === DELETED ? null : bytes.subarray(value, rest),
      rest: bytes.subarray(rest, next),
    }
    start = next
  }
}
