import { IntColumn } from './int-column.ts'
import { KeyArena, NOWHERE } from './key-arena.ts'
import { keyHash } from './key-hash.ts'

const FEWEST_SLOTS = 16

/**
 * Numbers for keys: small ones, from 0 on, which index what is known of the keys elsewhere; that of a removed key is
 * given again. It makes no objects, and copies no key when it grows. A million keys of 15 bytes take 37 MB with
 * their bytes (a `Map` of strings: 61 at best), and are added in a third of the time that one takes.
 *
 * Keys are bytes: `bytes[from, to)`. Up to 16 GiB of them.
 */
export class KeyTable {
  readonly #arena = new KeyArena()
  /** Where a key's bytes are, by id. */
  readonly #places = new IntColumn()
  readonly #free: number[] = []
  /** Open addressing: for each slot the hash of its key and the key's id + 1, which is 0 where there is none. */
  #slots = new Int32Array(2 * FEWEST_SLOTS)
  #capacity = FEWEST_SLOTS
  #size = 0
  /** All ids so far are less. */
  #ids = 0

  get size(): number {
    return this.#size
  }

  /** The id of a key; -1 if it is not there. */
  find(bytes: Buffer, from: number, to: number): number {
    return this.#slots[2 * this.#slotOf(keyHash(bytes, from, to), bytes, from, to) + 1]! - 1
  }

  /** The id of a key, which may be there already. */
  add(bytes: Buffer, from: number, to: number): number {
    if (4 * (this.#size + 1) > 3 * this.#capacity) this.#resize(2 * this.#capacity)
    const hash = keyHash(bytes, from, to)
    const slot = this.#slotOf(hash, bytes, from, to)
    const found = this.#slots[2 * slot + 1]! - 1
    if (found >= 0) return found
    const id = this.#free.pop() ?? this.#ids++
    this.#places.set(id, this.#arena.add(bytes, from, to))
    this.#slots[2 * slot] = hash
    this.#slots[2 * slot + 1] = id + 1
    this.#size++
    this.#tidy()
    return id
  }

  /** Removes the key whose id this is. */
  remove(id: number): void {
    const place = this.#places.get(id)
    this.#vacate(this.#slotAt(place))
    this.#places.set(id, NOWHERE)
    this.#free.push(id)
    this.#size--
    this.#arena.remove(place)
    if (8 * this.#size < this.#capacity && this.#capacity > FEWEST_SLOTS) this.#resize(this.#capacity / 2)
    this.#tidy()
  }

  /** The key whose id this is, as a `latin1` string. */
  keyOf(id: number): string {
    return this.#arena.read(this.#places.get(id), latin1)
  }

  /** Every key, by id. The loop's body may remove some, which are not shown then, and add some, which may be. */
  *keys(): Generator<string, void> {
    for (let id = 0; id < this.#ids; id++) if (this.#places.get(id) !== NOWHERE) yield this.keyOf(id)
  }

  /** Where a key is, or would be. */
  #slotOf(hash: number, bytes: Buffer, from: number, to: number): number {
    const [slots, last] = [this.#slots, this.#capacity - 1]
    for (let slot = hash & last; ; slot = (slot + 1) & last) {
      const id = slots[2 * slot + 1]! - 1
      if (id < 0) return slot
      if (slots[2 * slot] === hash && this.#arena.isAt(this.#places.get(id), bytes, from, to)) return slot
    }
  }

  /** The slot of the key whose bytes are there; an empty one if these are garbage. */
  #slotAt(place: number): number {
    const last = this.#capacity - 1
    for (let slot = this.#arena.read(place, keyHash) & last; ; slot = (slot + 1) & last) {
      const id = this.#slots[2 * slot + 1]! - 1
      if (id < 0 || this.#places.get(id) === place) return slot
    }
  }

  /** Moves up those behind it which would not be found beyond a gap (Knuth, TAOCP 6.4, algorithm R). */
  #vacate(slot: number): void {
    const [slots, last] = [this.#slots, this.#capacity - 1]
    let gap = slot
    for (let at = (gap + 1) & last; slots[2 * at + 1] !== 0; at = (at + 1) & last) {
      const fromHome = (at - slots[2 * at]!) & last
      if (fromHome < ((at - gap) & last)) continue
      slots[2 * gap] = slots[2 * at]!
      slots[2 * gap + 1] = slots[2 * at + 1]!
      gap = at
    }
    slots[2 * gap + 1] = 0
  }

  #resize(capacity: number): void {
    const [before, slots, last] = [this.#slots, new Int32Array(2 * capacity), capacity - 1]
    for (let i = 0; i < before.length; i += 2) {
      if (before[i + 1] === 0) continue
      let slot = before[i]! & last
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & last
      slots[2 * slot] = before[i]!
      slots[2 * slot + 1] = before[i + 1]!
    }
    this.#slots = slots
    this.#capacity = capacity
  }

  #tidy(): void {
    for (let chunk = this.#arena.sparse(); chunk !== undefined; chunk = this.#arena.sparse()) {
      for (const place of this.#arena.places(chunk)) {
        const id = this.#slots[2 * this.#slotAt(place) + 1]! - 1
        if (id >= 0) this.#places.set(id, this.#arena.copy(place))
      }
      this.#arena.drop(chunk)
    }
  }
}

function latin1(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to)
}
