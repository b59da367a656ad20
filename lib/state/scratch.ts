const MOST_BYTES = 4096

/** One piece of memory that is written again and again: what it hands out is good until the next time. */
export class Scratch {
  readonly #memory = Buffer.allocUnsafeSlow(MOST_BYTES)
  /** By length. To make one costs more than to write it. */
  readonly #views: Buffer[] = []

  /** So many bytes. Those of different lengths begin at the same place; long ones are memory of their own. */
  of(length: number): Buffer {
    if (length > MOST_BYTES) return Buffer.allocUnsafe(length)
    this.#views[length] ??= this.#memory.subarray(0, length)
    return this.#views[length]
  }
}
