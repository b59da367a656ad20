/** What `groupCount` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type GroupedTable, groupCount, type Table } from '../../lib/index.ts'

declare const users: Table<string, { readonly age: number }>
declare const ages: GroupedTable<string, number>
declare const byAge: GroupedTable<number, string>

export const counts: Table<string, number> = ages.pipe(groupCount('counts'))
export const countsByAge: Table<number, number> = byAge.pipe(groupCount('counts'))

// @ts-expect-error: rows have to be grouped
users.pipe(groupCount('counts'))
