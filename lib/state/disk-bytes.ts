import type { Changes } from './changes.ts'
import type { CleanSlots } from './clean-slots.ts'
import { KeyOrder } from './key-order.ts'
import type { Loads } from './loads.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import type { Slot, SlotOwner } from './slot.ts'

/** What the stores of a task share. */
export interface SharedByStores {
  readonly clean: CleanSlots
  readonly changes: Changes
  readonly loads: Loads
  /** The value on disk whose seal is this one. */
  readonly read: (prefix: string, key: string, seal: number) => Buffer
}

/**
 * An ordered map on disk: all keys are in memory, and of the values those that have changed since the last save and
 * those used last.
 */
export class DiskBytes implements OrderedBytes, SlotOwner {
  readonly prefix: string
  readonly #shared: SharedByStores
  readonly #entries = new Map<string, Slot | number>()
  readonly #order = new KeyOrder(() => this.#entries.keys())

  constructor(prefix: string, shared: SharedByStores) {
    this.prefix = prefix
    this.#shared = shared
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Buffer | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (typeof entry === 'number') return this.#load(key, entry)
    this.#shared.clean.used(entry)
    return entry.value
  }

  set(key: string, value: Buffer): void {
    const entry = this.#entries.get(key)
    const slot = typeof entry === 'object' ? entry : this.#slot(key, entry ?? 0)
    this.#shared.changes.changing(slot)
    slot.value = value
    if (entry === slot) return
    this.#entries.set(key, slot)
    if (entry === undefined) this.#order.added(key)
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    const slot = typeof entry === 'object' ? entry : this.#slot(key, entry)
    this.#shared.changes.changing(slot)
    slot.value = undefined
    this.#entries.delete(key)
    this.#order.removed(key)
  }

  entries(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#found(this.#order.ascending(from, to))
  }

  entriesReversed(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#found(this.#order.descending(from, to))
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  /**
   * As `set`, or `delete` for null, but the value goes to the disk alone and is read from there: not before it is saved.
   */
  load(key: string, value: Buffer | null): void {
    const entry = this.#entries.get(key)
    if (typeof entry === 'object') {
      if (value === null) this.delete(key)
      else this.set(key, value)
    } else if (value !== null) {
      this.#entries.set(key, this.#shared.loads.put(this.prefix, key, value, entry ?? 0))
      if (entry === undefined) this.#order.added(key)
    } else if (entry !== undefined) {
      this.#shared.loads.delete(this.prefix, key, entry)
      this.#entries.delete(key)
      this.#order.removed(key)
    }
  }

  /** An entry that was found on disk. */
  restore(key: string, seal: number): void {
    this.#entries.set(key, seal)
  }

  evicted(slot: Slot): void {
    this.#entries.set(slot.key, slot.seal)
  }

  *#found(keys: Iterable<string>): Generator<readonly [string, Buffer], void> {
    for (const key of keys) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  #load(key: string, seal: number): Buffer {
    const slot = this.#slot(key, seal)
    const value = this.#shared.read(this.prefix, key, seal)
    slot.value = value
    this.#entries.set(key, slot)
    this.#shared.clean.add(slot)
    return value
  }

  #slot(key: string, seal: number): Slot {
    return { key, owner: this, value: undefined, seal, save: 0, older: undefined, newer: undefined }
  }
}
