/** What `toTable` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  count,
  type Dropped,
  drops,
  json,
  keyBy,
  type Stream,
  type Table,
  tableMap,
  toTable,
} from '../../lib/index.ts'

declare const numbers: Stream<string, number>
declare const deletions: Stream<string, number | null>

export const rows: Table<string, number> = numbers.pipe(toTable('rows'))
// A null deletes: it is no row.
export const present: Table<string, number> = deletions.pipe(toTable('rows', { value: json<number>() }))
export const versions: Table<string, number> = numbers.pipe(toTable('rows', { history: '1h' }))
export const mapped: Table<string, string> = deletions.pipe(
  toTable('rows'),
  tableMap('text', (n) => n.toFixed(2)),
)
export const rekeyed: Table<number, number> = numbers.pipe(
  keyBy('by-value', (n) => n, { key: json<number>() }),
  toTable('rows'),
)
export const keyless: Stream<string, Dropped<number | null>> = deletions.pipe(
  toTable('rows'),
  drops('keyless'),
)

// @ts-expect-error: kept as text
numbers.pipe(toTable('rows', { value: json<string>() }))

// @ts-expect-error: not a length of time
numbers.pipe(toTable('rows', { history: true }))

// @ts-expect-error: it is one already
numbers.pipe(count('counts'), toTable('rows'))
