/** What `groupBy` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { count, type GroupedTable, groupBy, json, type Stream, type Table } from '../../lib/index.ts'

interface User {
  readonly country: string | null
  readonly age: number
}

declare const users: Table<string, User>
declare const updates: Stream<string, User>

export const ages: GroupedTable<string, number> = users.pipe(
  groupBy('by-country', ({ country, age }) => [country, age]),
)
export const some: GroupedTable<string, User> = users.pipe(
  groupBy('by-country', (user, key) => (key === '' ? null : [user.country, user]), { value: json<User>() }),
)
export const byAge: GroupedTable<number, User> = users.pipe(
  groupBy('by-age', (user) => [user.age, user], { key: json<number>() }),
)

// @ts-expect-error: keys are text, unless their format is said
users.pipe(groupBy('by-age', (user) => [user.age, user]))

// @ts-expect-error: ages are not text
users.pipe(groupBy('by-age', (user) => [user.age, user], { key: json<string>() }))

// @ts-expect-error: a group and a value
users.pipe(groupBy('by-country', ({ country }) => country))

// @ts-expect-error: a stream is not regrouped, it has no rows
updates.pipe(groupBy('by-country', ({ country, age }) => [country, age]))

// @ts-expect-error: what is grouped is aggregated with a subtractor
ages.pipe(count('counts'))
