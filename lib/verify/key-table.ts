import { murmur2 } from '../broker/partitioner.ts'

/** What one hop holds of one key: the newest value, as one hash per column. */
export interface Held {
  /** Milliseconds; the larger one is the newer. */
  readonly clock: number
  readonly hashes: Uint32Array
}

/** A hop by key. Holds hashes, no values: 20,000 users of 31 columns take some 10 MB. */
export class KeyTable {
  readonly columns: readonly string[]
  readonly #held = new Map<string, Held>()
  #records = 0

  constructor(columns: readonly string[]) {
    this.columns = columns
  }

  /** Of equal clocks the later one counts, as in a sink. */
  add(key: string, clock: number, value: Readonly<Record<string, unknown>>): void {
    this.#records++
    const before = this.#held.get(key)
    const newer = before === undefined || clock >= before.clock
    this.#held.set(key, {
      clock: newer ? clock : before.clock,
      hashes: newer ? Uint32Array.from(this.columns, (column) => hashOf(value[column])) : before.hashes,
    })
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

/** Equal values have equal hashes; absent is null. */
function hashOf(value: unknown): number {
  return murmur2(Buffer.from(JSON.stringify(value ?? null))) >>> 0
}
