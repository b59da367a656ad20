import { murmur2 } from '../broker/partitioner.ts'

/** What one hop holds of one key: the newest value, as one hash per column. */
export interface Held {
  /** Milliseconds; the larger one is the newer. */
  readonly clock: number
  readonly hashes: Uint32Array
  /** Where the record is that it comes from. */
  readonly at?: Place | undefined
}

export interface Place {
  readonly partition: number
  readonly offset: number
}

/** A hop, or a bucket of it, by key. Holds hashes, no values: 20,000 users of 31 columns take some 10 MB. */
export class KeyTable {
  readonly columns: readonly string[]
  readonly #held = new Map<string, Held>()
  #records = 0

  constructor(columns: readonly string[]) {
    this.columns = columns
  }

  add(key: string, clock: number, value: Readonly<Record<string, unknown>>): void {
    this.hold(key, { clock, hashes: hashesOf(this.columns, value) })
  }

  /** Of equal clocks the later one counts, as in a sink. */
  hold(key: string, held: Held): void {
    this.#records++
    const before = this.#held.get(key)
    if (before === undefined || held.clock >= before.clock) this.#held.set(key, held)
  }

  has(key: string): boolean {
    return this.#held.has(key)
  }

  get(key: string): Held | undefined {
    return this.#held.get(key)
  }

  keys(): IterableIterator<string> {
    return this.#held.keys()
  }

  get size(): number {
    return this.#held.size
  }

  get records(): number {
    return this.#records
  }
}

/** One hash per column. Equal values have equal hashes; absent is null. */
export function hashesOf(
  columns: readonly string[],
  value: Readonly<Record<string, unknown>>,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(columns, (column) => hashOf(value[column]))
}

function hashOf(value: unknown): number {
  return hashOfText(JSON.stringify(value ?? null))
}

/** Texts are hashed by the hundred millions: no buffer is made for each. */
const scratch = Buffer.allocUnsafe(64 * 1024)

export function hashOfText(text: string): number {
  const bytes =
    3 * text.length > scratch.length ? Buffer.from(text) : scratch.subarray(0, scratch.write(text))
  return murmur2(bytes) >>> 0
}
