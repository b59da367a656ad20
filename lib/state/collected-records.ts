import { internalSerde } from '../contract/internal-serde.ts'
import type { Serde } from '../contract/serde.ts'
import { structured } from '../contract/structured.ts'
import type { Context, Headers, RawRecord } from '../record.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import { KeyCodec } from './key-codec.ts'
import { MemoryBytes } from './memory-bytes.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { readTime, TIME_BYTES, timeCode } from './time-code.ts'

/** How much a group has, and since when, by the wall clock: milliseconds. */
export interface Collected {
  readonly records: number
  readonly bytes: number
  readonly since: number
}

export interface CollectedRecord extends Context {
  readonly value: unknown
}

interface Kept {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  /** Undefined: those of the raw record. */
  readonly headers: Headers | undefined
  readonly raw: RawRecord
}

const KEPT = structured<Kept>()
const NOTHING = Buffer.alloc(0)

// What a group has, then its records by number.
const HEAD = '\0'
const RECORD = '\x01'

/** Records that are kept, whole and in order of arrival, until their group is taken. */
export class CollectedRecords {
  readonly #bytes: OrderedBytes
  readonly #key: Serde<unknown>
  readonly #value: Serde<unknown>
  readonly #groups: KeyCodec<unknown>
  /** Groups by the time of their first record. */
  readonly #byTime = new MemoryBytes()

  constructor(spec: KeyValueSpec, bytes: OrderedBytes) {
    this.#bytes = bytes
    this.#key = internalSerde(spec.key)
    this.#value = internalSerde(spec.value)
    this.#groups = new KeyCodec(this.#key)
    for (const [code, head] of bytes.entries(HEAD, RECORD)) {
      this.#byTime.set(timeCode(readHead(head).since) + code.slice(1), NOTHING)
    }
  }

  /** The code of a key's group. */
  groupOf(key: unknown): string {
    return this.#groups.encodePrefix(key)
  }

  add(group: string, value: unknown, { key, timestamp, headers, raw }: Context, now: number): Collected {
    const keyBytes = key === null ? null : this.#key.encode(key)
    const valueBytes = value === null ? null : this.#value.encode(value)
    const head = this.#bytes.get(HEAD + group)
    const before = head === undefined ? { records: 0, bytes: 0, since: now } : readHead(head)
    const size = (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0) + sizeOf(headers)
    const collected = { records: before.records + 1, bytes: before.bytes + size, since: before.since }
    const kept = {
      key: keyBytes,
      value: valueBytes,
      timestamp,
      headers: headers === raw.headers ? undefined : headers,
      raw,
    }
    this.#bytes.set(RECORD + group + timeCode(before.records), KEPT.encode(kept))
    this.#bytes.set(HEAD + group, writeHead(collected))
    if (head === undefined) this.#byTime.set(timeCode(now) + group, NOTHING)
    return collected
  }

  /** Takes out what a group has. */
  take(group: string): CollectedRecord[] {
    const { records, since } = readHead(this.#bytes.get(HEAD + group)!)
    this.#bytes.delete(HEAD + group)
    this.#byTime.delete(timeCode(since) + group)
    return Array.from({ length: records }, (_, number) => {
      const code = RECORD + group + timeCode(number)
      const kept = this.#bytes.get(code)!
      this.#bytes.delete(code)
      return this.#restored(KEPT.decode(kept))
    })
  }

  /** The group that has waited longest. */
  get first(): { readonly group: string; readonly since: number } | undefined {
    for (const [code] of this.#byTime.entries()) {
      return { group: code.slice(TIME_BYTES), since: readTime(code, 0) }
    }
    return undefined
  }

  #restored({ key, value, timestamp, headers, raw }: Kept): CollectedRecord {
    const { topic, partition, offset } = raw
    return {
      key: key === null ? null : this.#key.decode(key),
      value: value === null ? null : this.#value.decode(value),
      timestamp,
      headers: headers ?? raw.headers,
      topic,
      partition,
      offset,
      raw,
    }
  }
}

function writeHead({ records, bytes, since }: Collected): Buffer {
  const head = Buffer.allocUnsafe(24)
  head.writeDoubleBE(records)
  head.writeDoubleBE(bytes, 8)
  head.writeDoubleBE(since, 16)
  return head
}

function readHead(head: Buffer): Collected {
  return { records: head.readDoubleBE(), bytes: head.readDoubleBE(8), since: head.readDoubleBE(16) }
}

function sizeOf(headers: Headers): number {
  return headers.reduce((size, [name, value]) => size + name.length + value.length, 0)
}
