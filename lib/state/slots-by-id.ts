import type { Slot } from './slot.ts'

const PAGE_BITS = 8
const PAGE = 1 << PAGE_BITS

/** The slots of the entries whose values are in memory. Pages of ids of which none has ever been are not there. */
export class SlotsById {
  readonly #pages: ((Slot | undefined)[] | undefined)[] = []

  get(id: number): Slot | undefined {
    return this.#pages[id >>> PAGE_BITS]?.[id & (PAGE - 1)]
  }

  set(slot: Slot): void {
    const number = slot.id >>> PAGE_BITS
    while (number >= this.#pages.length) this.#pages.push(undefined)
    this.#pages[number] ??= new Array(PAGE).fill(undefined)
    this.#pages[number]![slot.id & (PAGE - 1)] = slot
  }

  delete({ id }: Slot): void {
    this.#pages[id >>> PAGE_BITS]![id & (PAGE - 1)] = undefined
  }
}
