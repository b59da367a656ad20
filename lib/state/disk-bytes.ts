import type { Changes } from './changes.ts'
import type { CleanSlots } from './clean-slots.ts'
import { IntColumn } from './int-column.ts'
import { KeyOrder } from './key-order.ts'
import { KeyTable } from './key-table.ts'
import { latin1Bytes } from './latin1-bytes.ts'
import type { Loads } from './loads.ts'
import type { OrderedBytes, StoreLoader } from './ordered-bytes.ts'
import type { Slot, SlotOwner } from './slot.ts'
import { SlotsById } from './slots-by-id.ts'

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
  /**
   * As `set` and `delete`, but values go to the disk alone and are read from there: not before they are saved.
   */
  readonly loader: StoreLoader = {
    set: (key, value, from = 0) => this.#loadSet(key, from, value),
    delete: (key, from = 0) => this.#loadDelete(key, from),
  }
  readonly #shared: SharedByStores
  readonly #keys = new KeyTable()
  /** Of what is saved under a key, by id; 0 if nothing is. That of a value in memory is in its slot. */
  readonly #seals = new IntColumn()
  readonly #slots = new SlotsById()
  readonly #order = new KeyOrder(() => this.#keys.keys())

  constructor(prefix: string, shared: SharedByStores) {
    this.prefix = prefix
    this.#shared = shared
  }

  get size(): number {
    return this.#keys.size
  }

  get(key: string): Buffer | undefined {
    const id = this.#find(key)
    if (id < 0) return undefined
    const slot = this.#slots.get(id)
    if (slot === undefined) return this.#load(key, id)
    this.#shared.clean.used(slot)
    return slot.value
  }

  set(key: string, value: Buffer): void {
    const before = this.#keys.size
    const id = this.#keys.add(latin1Bytes(key), 0, key.length)
    const slot = this.#slots.get(id) ?? this.#slot(key, id)
    this.#shared.changes.changing(slot)
    slot.value = value
    if (this.#keys.size !== before) this.#order.added(key)
  }

  delete(key: string): void {
    const id = this.#find(key)
    if (id < 0) return
    const slot = this.#slots.get(id) ?? this.#slot(key, id)
    this.#shared.changes.changing(slot)
    slot.value = undefined
    this.#slots.delete(slot)
    this.#removed(key, id)
  }

  entries(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#found(this.#order.ascending(from, to))
  }

  entriesReversed(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#found(this.#order.descending(from, to))
  }

  keys(): Iterable<string> {
    return this.#keys.keys()
  }

  /** An entry that was found on disk: its key is the bytes from `from` on. */
  restore(key: Buffer, from: number, seal: number): void {
    this.#seals.set(this.#keys.add(key, from, key.length), seal)
  }

  evicted(slot: Slot): void {
    this.#seals.set(slot.id, slot.seal)
    this.#slots.delete(slot)
  }

  #loadSet(key: Buffer, from: number, value: Buffer): void {
    const before = this.#keys.size
    const id = this.#keys.add(key, from, key.length)
    const slot = this.#slots.get(id)
    if (slot !== undefined) {
      this.set(slot.key, value)
      return
    }
    const seal = this.#shared.loads.put(this.prefix, key, from, value, this.#seals.get(id))
    this.#seals.set(id, seal)
    if (this.#keys.size !== before && this.#order.isMade) this.#order.added(this.#keys.keyOf(id))
  }

  #loadDelete(key: Buffer, from: number): void {
    const id = this.#keys.find(key, from, key.length)
    if (id < 0) return
    const slot = this.#slots.get(id)
    if (slot !== undefined) {
      this.delete(slot.key)
      return
    }
    this.#shared.loads.delete(this.prefix, key, from, this.#seals.get(id))
    this.#removed(this.#keys.keyOf(id), id)
  }

  *#found(keys: Iterable<string>): Generator<readonly [string, Buffer], void> {
    for (const key of keys) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  #find(key: string): number {
    return this.#keys.find(latin1Bytes(key), 0, key.length)
  }

  #load(key: string, id: number): Buffer {
    const value = this.#shared.read(this.prefix, key, this.#seals.get(id))
    const slot = this.#slot(key, id)
    slot.value = value
    this.#shared.clean.add(slot)
    return value
  }

  #slot(key: string, id: number): Slot {
    const seal = this.#seals.get(id)
    const slot = { id, key, owner: this, value: undefined, seal, save: 0, older: undefined, newer: undefined }
    this.#slots.set(slot)
    return slot
  }

  /** The next one with this id has nothing saved. */
  #removed(key: string, id: number): void {
    this.#seals.set(id, 0)
    this.#keys.remove(id)
    this.#order.removed(key)
  }
}
