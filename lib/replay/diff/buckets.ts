import { murmur2 } from '../../broker/partitioner.ts'
import { type Piece, SpillFile } from './spill-file.ts'
import { mostBytes, readEntries, type StoredEntry, writeEntry } from './stored-entry.ts'

/** 1,000,000 rows are some 2,000 a bucket; two of these are in memory at a time. */
export const BUCKETS = 512
const FIRST_BYTES = 1024
const MOST_BYTES = 16 * 1024

/** The newest of each key. */
export type Bucket = ReadonlyMap<string, StoredEntry>

/**
 * One side of a comparison, of any size, in bounded memory: its entries in buckets by the hash of their key, which go on
 * in a file beyond 16 kB each (8 MB a side).
 */
export class Buckets {
  readonly #file: SpillFile
  readonly #buckets: (Growing | undefined)[] = new Array(BUCKETS)
  #entries = 0

  /** @param folder where the file is made, if one is needed. */
  constructor(folder: string) {
    this.#file = new SpillFile(folder)
  }

  /** How many were added, of whatever key. */
  get entries(): number {
    return this.#entries
  }

  add(entry: StoredEntry): void {
    this.#entries++
    const index = murmur2(Buffer.from(entry.key)) & (BUCKETS - 1)
    const bucket = this.#buckets[index] ?? new Growing(this.#file)
    this.#buckets[index] = bucket
    bucket.add(entry)
  }

  /** Of several entries of a key the one with the largest clock counts, the later among equals. */
  bucket(index: number): Bucket {
    const newest = new Map<string, StoredEntry>()
    for (const bytes of this.#buckets[index]?.pieces() ?? []) {
      for (const entry of readEntries(bytes)) {
        const seen = newest.get(entry.key)
        if (seen === undefined || (entry.clock ?? 0) >= (seen.clock ?? 0)) newest.set(entry.key, entry)
      }
    }
    return newest
  }

  /** They can't be read any more. */
  close(): void {
    this.#file.close()
    this.#buckets.fill(undefined)
  }
}

class Growing {
  readonly #file: SpillFile
  readonly #pieces: Piece[] = []
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #used = 0

  constructor(file: SpillFile) {
    this.#file = file
  }

  add(entry: StoredEntry): void {
    const needed = mostBytes(entry)
    if (this.#used + needed > this.#bytes.length) this.#makeRoom(needed)
    this.#used = writeEntry(this.#bytes, this.#used, entry)
  }

  /** Each holds whole entries, in the order in which they came. */
  *pieces(): Generator<Buffer> {
    for (const piece of this.#pieces) yield this.#file.read(piece)
    yield this.#bytes.subarray(0, this.#used)
  }

  #makeRoom(needed: number): void {
    if (this.#used > 0 && this.#used + needed > MOST_BYTES) {
      this.#pieces.push(this.#file.append(this.#bytes.subarray(0, this.#used)))
      this.#used = 0
    }
    if (this.#used + needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#used + needed))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }
}
