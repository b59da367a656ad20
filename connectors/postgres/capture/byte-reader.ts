/** Reads a message of PostgreSQL's protocol: big-endian numbers, zero-terminated strings. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  int64(): bigint {
    return this.#bytes.readBigUInt64BE(this.#advance(8))
  }

  letter(): string {
    return String.fromCharCode(this.int8())
  }

  /** UTF-8 text of that many bytes; a copy, so the buffer may be used again. */
  text(length: number): string {
    const from = this.#advance(length)
    return this.#bytes.toString('utf8', from, this.#at)
  }

  zeroTerminated(): string {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end === -1) throw new RangeError('no end of string')
    const text = this.#bytes.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  #advance(length: number): number {
    const from = this.#at
    if (from + length > this.#bytes.length) throw new RangeError('message ends early')
    this.#at = from + length
    return from
  }
}
