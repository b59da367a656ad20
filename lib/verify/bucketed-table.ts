import { appendFileSync, readFileSync, rmSync } from 'node:fs'
import { mostBytes, readEntries, writeEntry } from './bucket-entry.ts'
import { type Held, hashesOf, hashOfText, KeyTable, type Place } from './key-table.ts'
import type { SpillFolder } from './spill-folder.ts'

/** 1,000,000 keys are some 8,000 a bucket; two of these are in memory when two hops are compared. */
export const BUCKETS = 128
const FIRST_BYTES = 1024
const MOST_BYTES = 64 * 1024

/** One bucket as it is read back. */
export interface Bucket {
  readonly table: KeyTable
  /** Every record, also those that are not the newest of their key. */
  readonly copies: Copies
}

/** How often a record is there: the same key, clock and values. By what tells it from others. */
export type Copies = ReadonlyMap<string, { readonly key: string; readonly times: number }>

/**
 * A hop of any size by key, in bounded memory: its records in buckets by the hash of their key, which grow in files
 * beyond 64 kB each (8 MB a hop).
 */
export class BucketedTable {
  readonly columns: readonly string[]
  readonly #folder: SpillFolder
  readonly #buckets: (Growing | undefined)[] = new Array(BUCKETS)
  #records = 0

  constructor(columns: readonly string[], folder: SpillFolder) {
    this.columns = columns
    this.#folder = folder
  }

  get records(): number {
    return this.#records
  }

  add(key: string, clock: number, value: Readonly<Record<string, unknown>>, at?: Place): void {
    this.#records++
    const index = hashOfText(key) & (BUCKETS - 1)
    const bucket = this.#buckets[index] ?? new Growing(this.#folder)
    this.#buckets[index] = bucket
    bucket.add(key, { clock, hashes: hashesOf(this.columns, value), at })
  }

  bucket(index: number): Bucket {
    const table = new KeyTable(this.columns)
    const copies = new Map<string, { key: string; times: number }>()
    for (const { key, held } of this.#buckets[index]?.entries(this.columns.length) ?? []) {
      table.hold(key, held)
      const name = `${held.clock} ${held.hashes.join()} ${key}`
      copies.set(name, { key, times: (copies.get(name)?.times ?? 0) + 1 })
    }
    return { table, copies }
  }

  /** Its files go; it can't be read any more. */
  drop(): void {
    for (const bucket of this.#buckets) bucket?.drop()
    this.#buckets.fill(undefined)
  }
}

class Growing {
  readonly #folder: SpillFolder
  #file: string | undefined
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #used = 0

  constructor(folder: SpillFolder) {
    this.#folder = folder
  }

  add(key: string, held: Held): void {
    const needed = mostBytes(key, held)
    if (this.#used + needed > this.#bytes.length) this.#makeRoom(needed)
    this.#used = writeEntry(this.#bytes, this.#used, key, held)
  }

  entries(columns: number) {
    const rest = this.#bytes.subarray(0, this.#used)
    const bytes = this.#file === undefined ? rest : Buffer.concat([readFileSync(this.#file), rest])
    return readEntries(bytes, columns)
  }

  drop(): void {
    if (this.#file !== undefined) rmSync(this.#file, { force: true })
  }

  #makeRoom(needed: number): void {
    if (this.#used + needed > MOST_BYTES) this.#spill()
    if (this.#used + needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#used + needed))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }

  #spill(): void {
    if (this.#used === 0) return
    this.#file ??= this.#folder.newFile()
    appendFileSync(this.#file, this.#bytes.subarray(0, this.#used))
    this.#used = 0
  }
}
