/** What `count` gives, of streams and of windows. Checked by `npm run types`; there is nothing to run. */
import { count, type Stream, session, type Table, toStream, type Windowed, window } from '../../lib/index.ts'

declare const users: Stream<number, { readonly name: string }>

export const perKey: Table<number, number> = users.pipe(count('per-key'))
export const perVisit: Table<Windowed<number>, number> = users.pipe(
  window('visits', session('5m')),
  count('per-visit'),
)
export const updates: Stream<Windowed<number>, number | null> = perVisit.pipe(toStream('updates'))

// @ts-expect-error: a table is counted by groups: groupBy(…), groupCount(…)
perKey.pipe(count('again'))

// @ts-expect-error: each window has a count of its own
export const wrong: Table<number, number> = perVisit
