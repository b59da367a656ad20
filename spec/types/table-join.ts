/** What `tableJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type Dropped, drops, json, type Stream, type Table, tableJoin, tableMap } from '../../lib/index.ts'

interface User {
  readonly name: string
}

interface Account {
  readonly balance: number
}

declare const users: Table<string, User>
declare const accounts: Table<string, Account>
declare const numbered: Table<number, Account>
declare const payments: Stream<string, Account>

export const both: Table<string, string> = users.pipe(
  tableJoin('both', accounts, ({ name }, { balance }, key) => `${key}${name}${balance}`),
)
// Null is no row.
export const rich: Table<string, User> = users.pipe(
  tableJoin('rich', accounts, (user, { balance }) => (balance > 0 ? user : null)),
  tableMap('same', (user) => user),
)
export const itself: Table<string, boolean> = users.pipe(tableJoin('itself', users, (a, b) => a === b))
export const old: Stream<string, Dropped<User | Account>> = users.pipe(
  tableJoin('both', accounts, () => true),
  drops('out-of-order'),
)

// @ts-expect-error: the right side's keys are numbers
users.pipe(tableJoin('keys', numbered, () => true))

// @ts-expect-error: a stream is joined by joinTable
users.pipe(tableJoin('streams', payments, () => true))

// @ts-expect-error: kept as something else
users.pipe(tableJoin('kept', accounts, () => 1, { materialize: true, value: json<string>() }))
