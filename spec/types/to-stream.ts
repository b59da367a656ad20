/** What `toStream` gives. Checked by `npm run types`; there is nothing to run. */
import {
  count,
  filter,
  map,
  type Stream,
  type Table,
  toStream,
  tumbling,
  type Windowed,
  window,
} from '../../lib/index.ts'

declare const users: Stream<number, { readonly name: string }>
declare const rows: Table<number, { readonly name: string }>

// A deletion is a null.
export const updates: Stream<number, { readonly name: string } | null> = rows.pipe(toStream('updates'))
export const names: Stream<number, string> = rows.pipe(
  toStream('updates'),
  filter('present', (row) => row !== null),
  map('names', ({ name }) => name),
)
export const windows: Stream<Windowed<number>, number | null> = users.pipe(
  window('per-minute', tumbling('1m')),
  count('counts'),
  toStream('windows'),
)

rows.pipe(
  toStream('updates'),
  // @ts-expect-error: a row may be gone
  map('names', ({ name }) => name),
)

// @ts-expect-error: it is one already
users.pipe(toStream('updates'))

export const newest: Stream<number, { readonly name: string } | null> = rows.pipe(
  toStream('updates', { updates: 'last' }),
)
// @ts-expect-error: all or the last
rows.pipe(toStream('updates', { updates: 'first' }))
