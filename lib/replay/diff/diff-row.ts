import type { RawRecord } from '../../record.ts'
import type { StoredEntry } from './stored-entry.ts'

/** One side of a difference. */
export interface DiffRow {
  /** Fields by name. A record whose value is none has it under `value`. */
  readonly value: Readonly<Record<string, unknown>>
  /** Of a table's row its write clock, null where it is not known; of a record its timestamp in milliseconds. */
  readonly clock: number | null
  /** Of a topic: the record as it is there. */
  readonly record?: RawRecord
}

/** How one side of a sink is read. */
export interface DiffSide {
  /** All that is there, in any order, but what is later among equals comes later. */
  entries(): AsyncIterable<StoredEntry>
  /** To be awaited before rows are made of these. */
  ready?(entries: readonly StoredEntry[]): Promise<void> | undefined
  rowOf(entry: StoredEntry): DiffRow
  /** Records whose key can't be read, so far: they can't be compared. */
  readonly unreadable: number
}
