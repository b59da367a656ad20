import type { CleanSlots } from './clean-slots.ts'
import type { Slot } from './slot.ts'

export interface Taken {
  readonly slots: readonly Slot[]
  /** The number of the save that they go with. */
  readonly save: number
}

/** What has changed since the last save was begun. Changed values stay in memory until they are on disk. */
export class Changes {
  readonly #clean: CleanSlots
  #slots: Slot[] = []
  #save = 1

  constructor(clean: CleanSlots) {
    this.#clean = clean
  }

  /** Before its value is set or deleted. */
  changing(slot: Slot): void {
    if (slot.save === this.#save) return
    this.#clean.remove(slot)
    slot.save = this.#save
    this.#slots.push(slot)
  }

  /** All of them, in the order of the first change of each; what changes from here on belongs to the next save. */
  take(): Taken {
    const taken = { slots: this.#slots, save: this.#save++ }
    this.#slots = []
    return taken
  }

  /** What was taken is on disk now. Values that have changed again since then are still only in memory. */
  saved({ slots, save }: Taken): void {
    for (const slot of slots) if (slot.save === save && slot.value !== undefined) this.#clean.add(slot)
  }
}
