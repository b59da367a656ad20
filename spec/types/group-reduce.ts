/** What `groupReduce` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type GroupedTable, groupReduce, json, type Table } from '../../lib/index.ts'

declare const ages: GroupedTable<string, number>

export const sums: Table<string, number> = ages.pipe(
  groupReduce(
    'sums',
    (a, b) => a + b,
    (a, b) => (a === b ? null : a - b),
    { value: json<number>() },
  ),
)

const first = (a: number) => a
// @ts-expect-error: a reduction stays of the rows' type
ages.pipe(groupReduce('log', (a, b) => `${a}${b}`, first))
