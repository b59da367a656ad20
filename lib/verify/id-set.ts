const BLOCK = 65_536

/** A set of whole numbers from 0, made for those that follow one another: a bit for each, 8 kB for 65,536. */
export class IdSet {
  readonly #blocks = new Map<number, Uint8Array>()
  #size = 0

  get size(): number {
    return this.#size
  }

  has(id: number): boolean {
    const bits = this.#blocks.get(Math.floor(id / BLOCK))?.[(id % BLOCK) >> 3]
    return bits !== undefined && (bits & bitOf(id)) !== 0
  }

  /** False if it was there. */
  add(id: number): boolean {
    if (this.has(id)) return false
    const number = Math.floor(id / BLOCK)
    const block = this.#blocks.get(number) ?? new Uint8Array(BLOCK / 8)
    this.#blocks.set(number, block)
    block[(id % BLOCK) >> 3]! |= bitOf(id)
    this.#size++
    return true
  }
}

function bitOf(id: number): number {
  return 1 << (id % 8)
}
