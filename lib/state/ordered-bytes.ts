/**
 * An ordered map from byte strings to bytes. It is synchronous, since the processing path never waits.
 * Keys are `latin1` strings, one char a byte, so that JavaScript's comparison is byte order, as Kafka
 * Streams' stores order theirs. Values are kept as they are given, not copied: neither side alters them.
 */
export interface OrderedBytes {
  get(key: string): Buffer | undefined
  set(key: string, value: Buffer): void
  delete(key: string): void
  /**
   * Ascending by key, `from` inclusive, `to` exclusive; undefined is open. The loop's body may set and
   * delete. It sees the keys of the moment in which the loop began, each with the value of the moment in
   * which it is its turn: what was deleted meanwhile is not shown, nor what was added (as by Kafka Streams'
   * InMemoryKeyValueStore).
   */
  entries(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]>
  /** The same entries, descending. */
  entriesReversed(from?: string, to?: string): Iterable<readonly [key: string, value: Buffer]>
  /** Every key, in any order; no value is read for it. The loop's body changes nothing. */
  keys(): Iterable<string>
  readonly size: number
}

/**
 * Fills a store that nobody reads yet, past the memory that its values would take. A key is the bytes of `key` from
 * `from` on (default 0), and is copied: it can be a part of what was read. Values are as in `OrderedBytes`.
 */
export interface StoreLoader {
  set(key: Buffer, value: Buffer, from?: number): void
  delete(key: Buffer, from?: number): void
}

/** All state of one task: several named ordered maps that are saved together. */
export interface StateBackend {
  /** The ordered map of a store; the same one for the same name. */
  bytes(store: string): OrderedBytes
  /** The same store, to be filled: what it sets is there to be read once the next `save` has resolved. */
  loader(store: string): StoreLoader
  /**
   * Saves every change since the last call, and `meta` (small, e.g. positions), in one atomic batch.
   * In memory it only keeps `meta`.
   */
  save(meta: Readonly<Record<string, string>>): Promise<void>
  /** What was saved last. */
  readonly meta: Readonly<Record<string, string>>
  close(): Promise<void>
}
