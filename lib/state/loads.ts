import { crc32 } from 'node:zlib'
import type { Batch, Level } from './disk-level.ts'
import { Scratch } from './scratch.ts'

export interface Loaded {
  /** Holds what was loaded; the rest of the save goes into it as well. */
  readonly batch: Batch
  /** By how much the sum of all seals has changed. */
  readonly added: number
}

const SEAL_BYTES = 4

/**
 * Entries that go straight into the batch of the next save, none of their values kept in memory. The batch copies what
 * it is given, so all of them pass through the same pieces of memory: a restore puts millions.
 */
export class Loads {
  readonly #level: Level
  readonly #key = new Scratch()
  /** A key, and its value behind it: what a seal is of. */
  readonly #entry = new Scratch()
  /** A seal, and the value behind it: what is on disk. */
  readonly #sealed = new Scratch()
  #batch: Batch | undefined
  #added = 0

  constructor(level: Level) {
    this.#level = level
  }

  /** Returns the seal of what is loaded; `before` is that of what it replaces, 0 for nothing. */
  put(prefix: string, key: string, value: Buffer, before: number): number {
    const at = this.#diskKey(prefix, key)
    const entry = this.#entry.of(at.length + value.length)
    at.copy(entry)
    value.copy(entry, at.length)
    const seal = crc32(entry) | 0
    const sealed = this.#sealed.of(SEAL_BYTES + value.length)
    sealed.writeInt32BE(seal)
    value.copy(sealed, SEAL_BYTES)
    this.#open().put(at, sealed)
    this.#added = (this.#added + seal - before) | 0
    return seal
  }

  delete(prefix: string, key: string, before: number): void {
    this.#open().del(this.#diskKey(prefix, key))
    this.#added = (this.#added - before) | 0
  }

  /** What is loaded from here on belongs to the next save. */
  take(): Loaded {
    const taken = { batch: this.#open(), added: this.#added }
    this.#batch = undefined
    this.#added = 0
    return taken
  }

  #diskKey(prefix: string, key: string): Buffer {
    const at = this.#key.of(prefix.length + key.length)
    at.write(prefix, 'latin1')
    at.write(key, prefix.length, 'latin1')
    return at
  }

  #open(): Batch {
    this.#batch ??= this.#level.batch()
    return this.#batch
  }
}
