import { KeyOrder } from './key-order.ts'
import type { OrderedBytes, StoreLoader } from './ordered-bytes.ts'

/** An ordered map in memory: a `Map`, and the order of its keys once somebody asks for it. */
export class MemoryBytes implements OrderedBytes {
  readonly loader: StoreLoader = {
    set: (key, value, from = 0) => this.set(key.toString('latin1', from), value),
    delete: (key, from = 0) => this.delete(key.toString('latin1', from)),
  }
  readonly #values = new Map<string, Buffer>()
  readonly #order = new KeyOrder(() => this.#values.keys())

  get size(): number {
    return this.#values.size
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Buffer): void {
    const before = this.#values.size
    this.#values.set(key, value)
    if (this.#values.size !== before) this.#order.added(key)
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#order.removed(key)
  }

  entries(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#found(this.#order.ascending(from, to))
  }

  entriesReversed(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#found(this.#order.descending(from, to))
  }

  keys(): Iterable<string> {
    return this.#values.keys()
  }

  *#found(keys: Iterable<string>): Generator<readonly [string, Buffer], void> {
    for (const key of keys) {
      const value = this.#values.get(key)
      if (value !== undefined) yield [key, value]
    }
  }
}
