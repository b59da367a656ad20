import type { OrderedBytes, StateBackend, StoreLoader } from './ordered-bytes.ts'

/** An entry that has changed since the last checkpoint. Null: it is gone. */
export interface ChangedEntry {
  readonly store: string
  readonly key: string
  readonly value: Buffer | null
}

/** A backend that knows what has changed, so that it can be written to changelog topics before it is saved. */
export class ChangeloggedState implements StateBackend {
  readonly inner: StateBackend
  readonly #stores = new Map<string, Noting>()

  constructor(inner: StateBackend) {
    this.inner = inner
  }

  bytes(store: string): OrderedBytes {
    return this.#noting(store)
  }

  /** What comes from the changelog is not for it. */
  loader(store: string): StoreLoader {
    return this.inner.loader(store)
  }

  /** What has changed since the last call, each key once, as it is now. */
  changes(): ChangedEntry[] {
    const changes: ChangedEntry[] = []
    for (const [store, bytes] of this.#stores) {
      for (const key of bytes.changed) changes.push({ store, key, value: bytes.get(key) ?? null })
      bytes.changed.clear()
    }
    return changes
  }

  /** Has an entry written to the changelog again as it is, though nothing has changed it. */
  touch(store: string, key: string): void {
    this.#noting(store).changed.add(key)
  }

  save(meta: Readonly<Record<string, string>>): Promise<void> {
    return this.inner.save(meta)
  }

  get meta(): Readonly<Record<string, string>> {
    return this.inner.meta
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  #noting(store: string): Noting {
    const known = this.#stores.get(store) ?? new Noting(this.inner.bytes(store))
    this.#stores.set(store, known)
    return known
  }
}

/** Notes which keys change. */
class Noting implements OrderedBytes {
  readonly changed = new Set<string>()
  readonly #inner: OrderedBytes

  constructor(inner: OrderedBytes) {
    this.#inner = inner
  }

  get(key: string): Buffer | undefined {
    return this.#inner.get(key)
  }

  set(key: string, value: Buffer): void {
    this.changed.add(key)
    this.#inner.set(key, value)
  }

  delete(key: string): void {
    this.changed.add(key)
    this.#inner.delete(key)
  }

  keys(): Iterable<string> {
    return this.#inner.keys()
  }

  entries(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#inner.entries(from, to)
  }

  entriesReversed(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]> {
    return this.#inner.entriesReversed(from, to)
  }

  get size(): number {
    return this.#inner.size
  }
}
