const PAGE_BITS = 10
const PAGE = 1 << PAGE_BITS

/** A number of 32 bits for each id; 0 until one is set. It grows by pages: nothing is copied. */
export class IntColumn {
  readonly #pages: Int32Array[] = []

  get(id: number): number {
    const page = this.#pages[id >>> PAGE_BITS]
    return page === undefined ? 0 : page[id & (PAGE - 1)]!
  }

  set(id: number, value: number): void {
    while (id >>> PAGE_BITS >= this.#pages.length) this.#pages.push(new Int32Array(PAGE))
    this.#pages[id >>> PAGE_BITS]![id & (PAGE - 1)] = value
  }
}
