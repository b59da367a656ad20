/** What `tableOuterJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { json, type Table, tableOuterJoin } from '../../lib/index.ts'

interface User {
  readonly name: string
}

interface Account {
  readonly balance: number
}

declare const users: Table<string, User>
declare const accounts: Table<string, Account>
declare const numbered: Table<number, Account>

export const outer: Table<string, string> = users.pipe(
  tableOuterJoin('outer', accounts, (user, account) => `${user?.name}${account?.balance}`, {
    materialize: true,
    value: json<string>(),
  }),
)

// @ts-expect-error: there may be no user
users.pipe(tableOuterJoin('outer', accounts, (user) => user.name))

// @ts-expect-error: there may be no account
users.pipe(tableOuterJoin('outer', accounts, (_, account) => account.balance))

// @ts-expect-error: the right side's keys are numbers
users.pipe(tableOuterJoin('keys', numbered, () => true))
