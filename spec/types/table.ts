/** What `table` infers from its topic. Checked by `npm run types`; there is nothing to run. */
import { type Dropped, drops, json, type Stream, type Table, topic, topology } from '../../lib/index.ts'

interface User {
  readonly name: string
  readonly at: number
}

const users = topic('users', { value: json<User>() })
const byId = topic('users-by-id', { key: json<number>(), value: json<User>() })

topology('types', ({ source, table }) => {
  const rows: Table<string, User> = table('rows', users)
  const versions: Table<number, User> = table('versions', byId, { history: '1h', value: json<User>() })
  const passing: Table<string, User> = table('passing', users, { materialize: false })
  const keyless: Stream<string, Dropped<User>> = table('users', users).pipe(drops('keyless'))

  table('dated', users, { timestamp: ({ at }, { key }) => at + key.length, invalidTimestamps: 'fail' })

  // @ts-expect-error: rows are kept as users
  table('kept', users, { value: json<string>() })
  // @ts-expect-error: not a length of time
  table('history', users, { history: true })
  // @ts-expect-error: tables are read from their beginning
  table('later', users, { startAt: 'latest' })
  // @ts-expect-error: a table is no stream
  const wrong: Stream<string, User> = rows
  // @ts-expect-error: its keys are numbers
  const keys: Table<string, User> = versions

  const all = [source, passing, keyless, wrong, keys]
  void all
})
