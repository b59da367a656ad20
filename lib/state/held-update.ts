import type { Serde } from '../contract/serde.ts'
import type { Context, Headers } from '../record.ts'
import type { Change } from '../topology/table-nodes.ts'
import { FieldReader, FieldWriter } from './fields.ts'

/** An update of a table that is held back: the newest of its key, and where it came from. */
export interface HeldUpdate {
  readonly change: Change
  readonly context: Context
}

/** What there is to know of one without decoding it. */
export interface HeldHead {
  /** What it is ordered by: when the first update of its key was held back, or when its window ends. */
  readonly time: number
  /** What it counts for towards `maxBytes`. */
  readonly size: number
}

/** Time; timestamp, offset and partition of the record. (ProcessorRecordContext#residentMemorySizeEstimate) */
const FIXED_SIZE = 8 + 20

/** Held updates as bytes: time, size, the row before the first update held back, the change, where it came from. */
export class HeldUpdates {
  readonly #value: Serde<unknown>
  readonly #writer = new FieldWriter()

  constructor(value: Serde<unknown>) {
    this.#value = value
  }

  /** `before` is what waited of this key, which keeps its time and prior row; `keySize` is in bytes. */
  encode(
    { change, context }: HeldUpdate,
    head: Omit<HeldHead, 'size'> & { readonly keySize: number },
    before: Buffer | undefined,
  ): { readonly bytes: Buffer; readonly size: number } {
    const { timestamp, headers, topic, raw } = context
    const [old, now] = [this.#encode(change.old), this.#encode(change.new)]
    const known = before === undefined ? undefined : readHeld(before)
    const prior = known === undefined ? old : known.prior
    const counted = old === null || prior?.equals(old) === true ? 0 : old.length
    const rows = (prior?.length ?? 0) + counted + (now?.length ?? 0)
    const size = FIXED_SIZE + head.keySize + rows + topic.length + sizeOf(headers)
    const writer = this.#writer
    writer.number(known?.time ?? head.time)
    writer.number(size)
    for (const row of [prior, old, now]) writer.bytes(row)
    writer.number(timestamp)
    // Most records still have the headers with which they came.
    writer.headers(headers === raw.headers ? undefined : headers)
    writer.record(raw)
    return { bytes: writer.take(), size }
  }

  decode(bytes: Buffer, key: unknown): HeldUpdate {
    const { fields } = readHeld(bytes)
    const [old, now] = [this.#decode(fields.bytes()), this.#decode(fields.bytes())]
    const timestamp = fields.number()
    const own = fields.headers()
    const raw = fields.record()
    const { topic, partition, offset, headers } = raw
    return {
      change: { old, new: now, latest: true },
      context: { key, timestamp, headers: own ?? headers, topic, partition, offset, raw },
    }
  }

  prior(bytes: Buffer): unknown {
    return this.#decode(readHeld(bytes).prior)
  }

  #encode(row: unknown): Buffer | null {
    return row === null ? null : this.#value.encode(row)
  }

  #decode(row: Buffer | null): unknown {
    return row === null ? null : this.#value.decode(row)
  }
}

/** `fields` are those that follow. */
export function readHeld(
  bytes: Buffer,
): HeldHead & { readonly prior: Buffer | null; readonly fields: FieldReader } {
  const fields = new FieldReader(bytes)
  return { time: fields.number(), size: fields.number(), prior: fields.bytes(), fields }
}

function sizeOf(headers: Headers): number {
  return headers.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0)
}
