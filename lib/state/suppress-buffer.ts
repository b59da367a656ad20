import { internalSerde } from '../contract/internal-serde.ts'
import type { Context } from '../record.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import type { Change } from '../topology/table-nodes.ts'
import { type HeldUpdate, HeldUpdates, readHeld } from './held-update.ts'
import { KeyCodec } from './key-codec.ts'
import { MemoryBytes } from './memory-bytes.ts'
import type { OrderedBytes } from './ordered-bytes.ts'
import { readTime, TIME_BYTES, timeCode } from './time-code.ts'

const NOTHING = Buffer.alloc(0)

/**
 * The newest update of each key, until it is time to show it: ordered by the time of the key's first update held back,
 * then key bytes. A later update takes the place of the one before. (InMemoryTimeOrderedKeyValueChangeBuffer)
 *
 * Held by key; a second index tells what comes first.
 */
export class SuppressBuffer {
  readonly #bytes: OrderedBytes
  readonly #byTime = new MemoryBytes()
  readonly #keys: KeyCodec<unknown>
  readonly #updates: HeldUpdates
  readonly #uncounted: number
  #earliest = Number.POSITIVE_INFINITY
  #size = 0

  /** `uncounted` bytes of each key do not count: our windowed keys say more than Kafka's. */
  constructor(spec: KeyValueSpec, bytes: OrderedBytes, uncounted = 0) {
    this.#bytes = bytes
    this.#keys = new KeyCodec(internalSerde(spec.key))
    this.#updates = new HeldUpdates(internalSerde(spec.value))
    this.#uncounted = uncounted
    for (const [code, held] of bytes.entries()) {
      const { time, size } = readHeld(held)
      this.#order(time, code)
      this.#size += size
    }
  }

  get records(): number {
    return this.#bytes.size
  }

  /** Bytes: keys, rows, headers and origins, counted as Kafka Streams counts them. */
  get size(): number {
    return this.#size
  }

  /** The time of what comes first; Infinity where nothing waits. */
  get earliest(): number {
    return this.#earliest
  }

  put(time: number, change: Change, context: Context): void {
    const code = this.#keys.encode(context.key)
    const before = this.#bytes.get(code)
    const head = { time, keySize: code.length - this.#uncounted }
    const { bytes, size } = this.#updates.encode({ change, context }, head, before)
    this.#bytes.set(code, bytes)
    this.#size += size
    if (before === undefined) this.#order(time, code)
    else this.#size -= readHeld(before).size
  }

  /** Shows one after the other, each before it is removed: who asks for its row meanwhile gets the prior one. */
  evictWhile(due: () => boolean, show: (update: HeldUpdate) => void): void {
    while (this.records > 0 && due()) {
      const timed = this.#first()!
      const code = timed.slice(TIME_BYTES)
      const held = this.#bytes.get(code)!
      show(this.#updates.decode(held, this.#keys.decode(code)))
      this.#bytes.delete(code)
      this.#byTime.delete(timed)
      this.#size -= readHeld(held).size
      const next = this.#first()
      this.#earliest = next === undefined ? Number.POSITIVE_INFINITY : readTime(next, 0)
    }
  }

  #order(time: number, code: string): void {
    this.#byTime.set(timeCode(time) + code, NOTHING)
    this.#earliest = Math.min(this.#earliest, time)
  }

  #first(): string | undefined {
    for (const [timed] of this.#byTime.entries()) return timed
    return undefined
  }
}
