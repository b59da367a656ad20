import type { Headers, RawRecord } from '../record.ts'

const NUMBER = 8
const LENGTH = 4
/** Instead of a length. */
const NONE = -1

/** Writes fields one after the other into a buffer that is used again and again: for what is kept for every record. */
export class FieldWriter {
  #buffer = Buffer.allocUnsafe(1024)
  #end = 0

  number(value: number): void {
    const at = this.#room(NUMBER)
    this.#buffer.writeDoubleBE(value, at)
  }

  bytes(value: Buffer | null): void {
    const at = this.#room(LENGTH + (value?.length ?? 0))
    this.#buffer.writeInt32BE(value?.length ?? NONE, at)
    value?.copy(this.#buffer, at + LENGTH)
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    const at = this.#room(LENGTH + length)
    this.#buffer.writeInt32BE(length, at)
    this.#buffer.write(value, at + LENGTH)
  }

  /** Undefined is kept apart from none. */
  headers(headers: Headers | undefined): void {
    const at = this.#room(LENGTH)
    this.#buffer.writeInt32BE(headers?.length ?? NONE, at)
    for (const [name, value] of headers ?? []) {
      this.text(name)
      this.bytes(value)
    }
  }

  record({ topic, partition, offset, timestamp, key, value, headers }: RawRecord): void {
    this.text(topic)
    this.number(partition)
    this.number(offset)
    this.number(timestamp)
    this.bytes(key)
    this.bytes(value)
    this.headers(headers)
  }

  /** What has been written since the last call. */
  take(): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(0, this.#end))
    this.#end = 0
    return taken
  }

  #room(length: number): number {
    const at = this.#end
    this.#end += length
    if (this.#end > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * this.#end)
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    return at
  }
}

/** Reads them in the same order. Bytes are parts of what is read, not copies. */
export class FieldReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  number(): number {
    const at = this.#at
    this.#at += NUMBER
    return this.#buffer.readDoubleBE(at)
  }

  bytes(): Buffer | null {
    const length = this.#length()
    if (length === NONE) return null
    const at = this.#at
    this.#at += length
    return this.#buffer.subarray(at, this.#at)
  }

  text(): string {
    return this.bytes()!.toString()
  }

  headers(): Headers | undefined {
    const count = this.#length()
    if (count === NONE) return undefined
    return Array.from({ length: count }, () => [this.text(), this.bytes() as Buffer] as const)
  }

  record(): RawRecord {
    return {
      topic: this.text(),
      partition: this.number(),
      offset: this.number(),
      timestamp: this.number(),
      key: this.bytes(),
      value: this.bytes(),
      headers: this.headers()!,
    }
  }

  #length(): number {
    const at = this.#at
    this.#at += LENGTH
    return this.#buffer.readInt32BE(at)
  }
}
