const MOST_BYTES = 4096

/** One piece of memory that is written again and again: what it hands out is good until the next time. */
export class Scratch {
  readonly #memory = Buffer.allocUnsafeSlow(MOST_BYTES)
  /** By length. To make one costs more than to write it. */
  readonly #views: Buffer[] = []
  #last: Buffer = this.#memory

  /** So many bytes. Those of different lengths begin at the same place; long ones are memory of their own. */
  of(length: number): Buffer {
    this.#last = length > MOST_BYTES ? Buffer.allocUnsafe(length) : this.#view(length)
    return this.#last
  }

  /** So many bytes of what was handed out last: its first ones. */
  first(length: number): Buffer {
    return this.#last.length > MOST_BYTES ? this.#last.subarray(0, length) : this.#view(length)
  }

  #view(length: number): Buffer {
    this.#views[length] ??= this.#memory.subarray(0, length)
    return this.#views[length]
  }
}
