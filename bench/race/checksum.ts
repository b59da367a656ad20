import { hash } from 'node:crypto'

const SEPARATOR = Buffer.of(0)
const BITS = 64

/** Of rows in any order: the sum of their hashes, modulo 2^64. Rows that come twice are told by their number. */
export class Checksum {
  #sum = 0n
  #rows = 0

  add(key: Buffer, value: Buffer): void {
    const digest = hash('sha256', Buffer.concat([key, SEPARATOR, value]), 'buffer')
    this.#sum = BigInt.asUintN(BITS, this.#sum + digest.readBigUInt64BE())
    this.#rows++
  }

  /** Number of rows and sum, as text. */
  get text(): string {
    return `${this.#rows} rows ${this.#sum.toString(16).padStart(BITS / 4, '0')}`
  }
}
