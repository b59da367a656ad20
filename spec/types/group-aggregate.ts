/** What `groupAggregate` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type GroupedTable, groupAggregate, groupBy, type Table } from '../../lib/index.ts'

interface User {
  readonly country: string | null
  readonly age: number
}

declare const users: Table<string, User>
declare const ages: GroupedTable<string, number>

export const means: Table<string, { readonly sum: number; readonly n: number }> = users.pipe(
  groupBy('by-country', ({ country, age }) => [country, age]),
  groupAggregate(
    'means',
    () => ({ sum: 0, n: 0 }),
    ({ sum, n }, age, country) => ({ sum: sum + age, n: n + (country === '' ? 0 : 1) }),
    ({ sum, n }, age) => (n === 1 ? null : { sum: sum - age, n: n - 1 }),
  ),
)

const text = () => ''
// @ts-expect-error: the aggregate is text
ages.pipe(groupAggregate('log', text, (log, age) => log.length + age, text))
