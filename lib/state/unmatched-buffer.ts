import type { Serde } from '../contract/serde.ts'
import { KeyCodec } from './key-codec.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { readTime, TIME_BYTES, timeCode, word } from './time-code.ts'

export type JoinSide = 'left' | 'right'

/** A record that has found nothing to join yet. */
export interface UnmatchedRecord {
  readonly side: JoinSide
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
}

/** A time for each side. Milliseconds. */
export type SideTimes = Readonly<Record<JoinSide, number>>

/** Values that came with one side, key and time share an entry. */
type Entry = readonly [code: string, values: Buffer]

const PREFIXES: Readonly<Record<JoinSide, string>> = { right: '0', left: '1' }
const OLDEST = '2'
const TIME_AT = 1
const LENGTH_BYTES = 4
const NOTHING = Buffer.alloc(0)

/**
 * The records of a left or outer join that nothing has matched yet, by side, time and key: each side's oldest are at
 * hand, however many wait. (The outer join store of KStreamKStreamJoin: TimestampedKeyAndJoinSide, LeftOrRightValue)
 */
export class UnmatchedBuffer {
  readonly #bytes: OrderedBytes
  readonly #keys: KeyCodec<unknown>
  readonly #values: Readonly<Record<JoinSide, Serde<unknown>>>
  #oldest: number

  constructor(key: Serde<unknown>, values: Readonly<Record<JoinSide, Serde<unknown>>>, bytes: OrderedBytes) {
    this.#bytes = bytes
    this.#keys = new KeyCodec(key)
    this.#values = values
    this.#oldest = bytes.get(OLDEST)?.readDoubleBE() ?? Infinity
  }

  /**
   * The time of the oldest record that waits, as far as Kafka Streams remembers it: after `take` it may be later.
   * Infinity where none does. (TimeTracker#minTime)
   */
  get oldest(): number {
    return this.#oldest
  }

  add({ side, key, value, timestamp }: UnmatchedRecord): void {
    const code = this.#code(side, key, timestamp)
    const encoded = this.#values[side].encode(value)
    const length = Buffer.from(word(encoded.length), 'latin1')
    this.#bytes.set(code, Buffer.concat([this.#bytes.get(code) ?? NOTHING, length, encoded]))
    if (timestamp < this.#oldest) this.#remember(timestamp)
  }

  /** What has this side, key and time is matched. */
  delete(side: JoinSide, key: unknown, timestamp: number): void {
    this.#bytes.delete(this.#code(side, key, timestamp))
  }

  /** Takes out what is older than this on its side, ascending by time; at the same time right before left, then by key. */
  *take(before: SideTimes): Generator<UnmatchedRecord, void> {
    this.#remember(this.#lastLookedAt(before))
    const [rights, lefts] = [this.#taken('right', before.right), this.#taken('left', before.left)]
    let [right, left] = [rights.next().value, lefts.next().value]
    for (;;) {
      if (right !== undefined && !(left !== undefined && left.timestamp < right.timestamp)) {
        yield right
        right = rights.next().value
      } else if (left !== undefined) {
        yield left
        left = lefts.next().value
      } else return
    }
  }

  *#taken(side: JoinSide, before: number): Generator<UnmatchedRecord, undefined> {
    for (const [code, values] of this.#between(side, 0, before)) {
      this.#bytes.delete(code)
      const { key } = this.#keys.decodePrefix(code.slice(TIME_AT + TIME_BYTES))
      for (const value of valuesOf(values)) {
        yield { side, key, value: this.#values[side].decode(value), timestamp: timeOf(code) }
      }
    }
    return undefined
  }

  /**
   * The time of the last record that Kafka Streams looks at: it goes through both sides by time until it has seen one
   * that has to wait on of each, and remembers the time of the next instead of the first that waits. Found here without
   * the walk.
   */
  #lastLookedAt(before: SideTimes): number {
    const left = first(this.#between('left', before.left))
    const right = first(this.#between('right', before.right))
    if (left === undefined || right === undefined) return this.#newest()
    // At the same time the right side is looked at first.
    const side = timeOf(left[0]) >= timeOf(right[0]) ? 'left' : 'right'
    const [code, values] = side === 'left' ? left : right
    const time = timeOf(code)
    if (hasSeveral(values)) return time
    const own = first(this.#bytes.entries(`${code}\0`, endOf(side)))
    const other = first(side === 'left' ? this.#between('right', time + 1) : this.#between('left', time))
    const next = Math.min(own ? timeOf(own[0]) : Infinity, other ? timeOf(other[0]) : Infinity)
    return next === Infinity ? time : next
  }

  #newest(): number {
    const [left, right] = (['left', 'right'] as const).map((side) =>
      first(this.#bytes.entriesReversed(PREFIXES[side], endOf(side))),
    )
    if (left === undefined && right === undefined) return Infinity
    return Math.max(left ? timeOf(left[0]) : 0, right ? timeOf(right[0]) : 0)
  }

  /** Without `before`: to the end. */
  #between(side: JoinSide, from: number, before?: number): Iterable<Entry> {
    const end = before === undefined ? endOf(side) : PREFIXES[side] + timeCode(Math.max(0, before))
    return this.#bytes.entries(PREFIXES[side] + timeCode(Math.max(0, from)), end)
  }

  #code(side: JoinSide, key: unknown, timestamp: number): string {
    return PREFIXES[side] + timeCode(timestamp) + this.#keys.encodePrefix(key)
  }

  /** Kept with the records, so that after a crash all goes on as it would have. */
  #remember(oldest: number): void {
    if (oldest === this.#oldest) return
    this.#oldest = oldest
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(oldest)
    this.#bytes.set(OLDEST, bytes)
  }
}

function endOf(side: JoinSide): string {
  return `${PREFIXES[side]}\xff`
}

function timeOf(code: string): number {
  return readTime(code, TIME_AT)
}

function first<T>(entries: Iterable<T>): T | undefined {
  for (const entry of entries) return entry
  return undefined
}

function hasSeveral(values: Buffer): boolean {
  return LENGTH_BYTES + values.readUInt32BE() < values.length
}

function* valuesOf(values: Buffer): Generator<Buffer, void> {
  for (let at = 0; at < values.length; ) {
    const end = at + LENGTH_BYTES + values.readUInt32BE(at)
    yield values.subarray(at + LENGTH_BYTES, end)
    at = end
  }
}
