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
  /** A key, and its value behind it: what a seal is of. */
  readonly #entry = new Scratch()
  /** A seal, and the value behind it: what is on disk. */
  readonly #sealed = new Scratch()
  #batch: Batch | undefined
  #added = 0

  constructor(level: Level) {
    this.#level = level
  }

  /**
   * Puts the entry whose key is the bytes of `key` from `from` on. Returns its seal; `before` is that of what it
   * replaces, 0 for nothing.
   */
  put(prefix: string, key: Buffer, from: number, value: Buffer, before: number): number {
    const keyBytes = prefix.length + key.length - from
    const entry = this.#entry.of(keyBytes + value.length)
    writeKey(entry, prefix, key, from)
    value.copy(entry, keyBytes)
    const seal = crc32(entry) | 0
    const sealed = this.#sealed.of(SEAL_BYTES + value.length)
    sealed.writeInt32BE(seal)
    value.copy(sealed, SEAL_BYTES)
    this.#open().put(this.#entry.first(keyBytes), sealed)
    this.#added = (this.#added + seal - before) | 0
    return seal
  }

  delete(prefix: string, key: Buffer, from: number, before: number): void {
    const at = this.#entry.of(prefix.length + key.length - from)
    writeKey(at, prefix, key, from)
    this.#open().del(at)
    this.#added = (this.#added - before) | 0
  }

  /** What is loaded from here on belongs to the next save. */
  take(): Loaded {
    const taken = { batch: this.#open(), added: this.#added }
    this.#batch = undefined
    this.#added = 0
    return taken
  }

  #open(): Batch {
    this.#batch ??= this.#level.batch()
    return this.#batch
  }
}

/** As `diskKey`; of few bytes, so that no call to copy them would be worth it. */
function writeKey(to: Buffer, prefix: string, key: Buffer, from: number): void {
  for (let i = 0; i < prefix.length; i++) to[i] = prefix.charCodeAt(i)
  for (let i = from, at = prefix.length; i < key.length; i++, at++) to[at] = key[i]!
}
