/** Reads the fields of a record, magic 2, from a buffer. Slices share memory with it. */
export class VarintReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get at(): number {
    return this.#at
  }

  /** Whether the next bytes are those between two places before. */
  repeats(from: number, to: number): boolean {
    const buffer = this.#buffer
    const ahead = this.#at - from
    for (let at = from; at < to; at++) if (buffer[at] !== buffer[at + ahead]) return false
    return true
  }

  skip(bytes: number): void {
    this.#at += bytes
  }

  /** A zigzag number; exact up to 2^53. */
  varint(): number {
    const buffer = this.#buffer
    let byte = buffer[this.#at++]!
    let raw = byte & 0x7f
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = buffer[this.#at++]!
      raw += (byte & 0x7f) * scale
    }
    if (Number.isNaN(raw)) throw new RangeError('record batch ends within a record')
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
  }

  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const start = this.#at
    this.#at += length
    if (this.#at > this.#buffer.length) throw new RangeError('record batch ends within a record')
    return this.#buffer.subarray(start, this.#at)
  }
}
