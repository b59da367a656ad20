import type { Slot, SlotOwner } from './slot.ts'

/** What a value in memory costs besides its bytes: the slot, the Buffer and its ArrayBuffer (measured on Node 26). */
const OVERHEAD_BYTES = 300

const NOBODY: SlotOwner = { prefix: '', evicted: () => {} }

/**
 * The values in memory that are on disk as well, in the order of their last use (a ring, so that a use is a few
 * assignments). Beyond the limit the ones used longest ago are let go.
 */
export class CleanSlots {
  readonly #limit: number
  /** Its `newer` is the one used longest ago, its `older` the one used last. */
  readonly #ends: Slot
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limit = limitBytes
    const ends: Slot = {
      id: -1,
      key: '',
      owner: NOBODY,
      value: undefined,
      seal: 0,
      save: 0,
      older: undefined,
      newer: undefined,
    }
    ends.older = ends.newer = ends
    this.#ends = ends
  }

  add(slot: Slot): void {
    this.#link(slot)
    this.#bytes += cost(slot)
    while (this.#bytes > this.#limit) this.#evict(this.#ends.newer!)
  }

  /** Before the value changes. */
  remove(slot: Slot): void {
    if (slot.newer === undefined) return
    this.#unlink(slot)
    this.#bytes -= cost(slot)
  }

  used(slot: Slot): void {
    if (slot.newer === undefined || slot.newer === this.#ends) return
    this.#unlink(slot)
    this.#link(slot)
  }

  #evict(slot: Slot): void {
    this.remove(slot)
    slot.owner.evicted(slot)
  }

  #link(slot: Slot): void {
    const last = this.#ends.older!
    slot.older = last
    slot.newer = this.#ends
    last.newer = slot
    this.#ends.older = slot
  }

  #unlink(slot: Slot): void {
    slot.older!.newer = slot.newer
    slot.newer!.older = slot.older
    slot.older = slot.newer = undefined
  }
}

function cost(slot: Slot): number {
  return slot.value!.length + OVERHEAD_BYTES
}
