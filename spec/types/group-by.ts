/** What `groupBy` and the aggregations behind it infer, and what must not compile. Checked by `npm run types`. */
import {
  count,
  type GroupedTable,
  groupAggregate,
  groupBy,
  groupCount,
  groupReduce,
  json,
  type Stream,
  type Table,
} from '../../lib/index.ts'

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

export const counts: Table<string, number> = ages.pipe(groupCount('counts'))
export const countsByAge: Table<number, number> = byAge.pipe(groupCount('counts'))
export const sums: Table<string, number> = ages.pipe(
  groupReduce(
    'sums',
    (a, b) => a + b,
    (a, b) => (a === b ? null : a - b),
    { value: json<number>() },
  ),
)
export const means: Table<string, { readonly sum: number; readonly n: number }> = users.pipe(
  groupBy('by-country', ({ country, age }) => [country, age]),
  groupAggregate(
    'means',
    () => ({ sum: 0, n: 0 }),
    ({ sum, n }, age, country) => ({ sum: sum + age, n: n + (country === '' ? 0 : 1) }),
    ({ sum, n }, age) => (n === 1 ? null : { sum: sum - age, n: n - 1 }),
  ),
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

// @ts-expect-error: rows have to be grouped
users.pipe(groupCount('counts'))

const text = () => ''
// @ts-expect-error: the aggregate is text
ages.pipe(groupAggregate('log', text, (log, age) => log.length + age, text))

const first = (a: number) => a
// @ts-expect-error: a reduction stays of the rows' type
ages.pipe(groupReduce('log', (a, b) => `${a}${b}`, first))
