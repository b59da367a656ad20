/** What `tableLeftJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type Table, tableLeftJoin } from '../../lib/index.ts'

interface User {
  readonly name: string
}

interface Account {
  readonly balance: number
}

declare const users: Table<string, User>
declare const accounts: Table<string, Account>
declare const numbered: Table<number, Account>

export const left: Table<string, number | undefined> = users.pipe(
  tableLeftJoin('left', accounts, (user, account) => user.name.length + (account?.balance ?? 0)),
)

// @ts-expect-error: there may be no account
users.pipe(tableLeftJoin('left', accounts, (user, account) => user.name.length + account.balance))

// @ts-expect-error: the right side's keys are numbers
users.pipe(tableLeftJoin('keys', numbered, () => true))
