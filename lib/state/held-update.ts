import type { Serde } from '../contract/serde.ts'
import { structured } from '../contract/structured.ts'
import type { Context, Headers, RawRecord } from '../record.ts'
import type { Change } from '../topology/table-nodes.ts'

/** An update of a table that is held back: the newest of its key, and where it came from. */
export interface HeldUpdate {
  readonly change: Change
  readonly context: Context
}

/** The same as it is kept, beside its key. */
export interface KeptUpdate {
  /** What it is ordered by: when the first update of its key was held back, or when its window ends. */
  readonly time: number
  /** What it counts for towards `maxBytes`. */
  readonly size: number
  /** The row before the first update that was held back. */
  readonly prior: Buffer | null
  readonly rest: Buffer
}

interface Rest {
  readonly old: Buffer | null
  readonly now: Buffer | null
  readonly timestamp: number
  /** Undefined: those of the raw record. */
  readonly headers: Headers | undefined
  readonly raw: RawRecord
}

const REST = structured<Rest>()
/** Time, size, length of the prior row (-1: none). */
const HEAD = 20
/** Time; timestamp, offset and partition of the record. (ProcessorRecordContext#residentMemorySizeEstimate) */
const FIXED_SIZE = 8 + 20

/** Updates as bytes. The prior row comes first, for who asks for it alone. */
export class HeldUpdates {
  readonly #value: Serde<unknown>

  constructor(value: Serde<unknown>) {
    this.#value = value
  }

  /** `before` is what waited of this key; `keySize` is in bytes. */
  keep(
    { old, new: now }: Change,
    { timestamp, headers, topic, raw }: Context,
    time: number,
    keySize: number,
    before: KeptUpdate | undefined,
  ): KeptUpdate {
    const [was, is] = [this.#encode(old), this.#encode(now)]
    const prior = before === undefined ? was : before.prior
    const known = was === null || prior?.equals(was) === true
    const values = (prior?.length ?? 0) + (known ? 0 : was.length) + (is?.length ?? 0)
    const rest = { old: was, now: is, timestamp, headers: headers === raw.headers ? undefined : headers, raw }
    return {
      time: before?.time ?? time,
      size: FIXED_SIZE + keySize + values + topic.length + sizeOf(headers),
      prior,
      rest: REST.encode(rest),
    }
  }

  restore({ rest }: KeptUpdate, key: unknown): HeldUpdate {
    const { old, now, timestamp, headers, raw } = REST.decode(rest)
    const { topic, partition, offset } = raw
    return {
      change: { old: this.#decode(old), new: this.#decode(now), latest: true },
      context: { key, timestamp, headers: headers ?? raw.headers, topic, partition, offset, raw },
    }
  }

  prior({ prior }: KeptUpdate): unknown {
    return this.#decode(prior)
  }

  #encode(value: unknown): Buffer | null {
    return value === null ? null : this.#value.encode(value)
  }

  #decode(bytes: Buffer | null): unknown {
    return bytes === null ? null : this.#value.decode(bytes)
  }
}

export function writeKept({ time, size, prior, rest }: KeptUpdate): Buffer {
  const head = Buffer.allocUnsafe(HEAD)
  head.writeDoubleBE(time)
  head.writeDoubleBE(size, 8)
  head.writeInt32BE(prior?.length ?? -1, 16)
  return Buffer.concat(prior === null ? [head, rest] : [head, prior, rest])
}

export function readKept(bytes: Buffer): KeptUpdate {
  const length = bytes.readInt32BE(16)
  const end = HEAD + Math.max(length, 0)
  return {
    time: bytes.readDoubleBE(),
    size: bytes.readDoubleBE(8),
    prior: length < 0 ? null : bytes.subarray(HEAD, end),
    rest: bytes.subarray(end),
  }
}

function sizeOf(headers: Headers): number {
  return headers.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0)
}
