/** What `count` and `aggregate` infer, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  aggregate,
  count,
  json,
  type Stream,
  session,
  type Table,
  toStream,
  type Windowed,
  window,
} from '../../lib/index.ts'

declare const users: Stream<string, { readonly age: number }>

export const counts: Table<string, number> = users.pipe(count('counts'))
export const updates: Stream<string, number | null> = counts.pipe(toStream('updates'))

// The aggregate's type is that of `init`; null deletes.
export const sums: Table<string, number> = users.pipe(
  aggregate(
    'sums',
    () => 0,
    (sum, { age }, { key }) => (key === '' ? null : sum + age),
  ),
)
export const lists: Table<string, readonly number[]> = users.pipe(
  aggregate(
    'lists',
    (): readonly number[] => [],
    (all, { age }) => [...all, age],
    { value: json<readonly number[]>() },
  ),
)
export const sessions: Table<Windowed<string>, number> = users.pipe(
  window('sessions', session('5m')),
  aggregate(
    'per-session',
    () => 0,
    (sum, { age }) => sum + age,
    { merge: (earlier, later, key) => earlier + later + key.length },
  ),
)

const zero = () => 0
// @ts-expect-error: the aggregate is a number
users.pipe(aggregate('text', zero, (sum, { age }) => `${sum}${age}`))

const kept = { value: json<string>() }
// @ts-expect-error: kept as text
users.pipe(aggregate('kept', zero, (sum) => sum, kept))

// @ts-expect-error: users have no name
users.pipe(aggregate('names', zero, (all, { name }) => all + name))

// @ts-expect-error: a table is not aggregated like a stream
counts.pipe(count('again'))
