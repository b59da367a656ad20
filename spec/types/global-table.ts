/** What `globalTable` infers from its topic. Checked by `npm run types`; there is nothing to run. */
import { type GlobalTable, json, topic, topology } from '../../lib/index.ts'

interface User {
  readonly name: string
  readonly at: number
}

const users = topic('users', { value: json<User>() })
const byId = topic('users-by-id', { key: json<number>(), value: json<User>() })

topology('types', ({ globalTable }) => {
  const everywhere: GlobalTable<number, User> = globalTable('everywhere', byId)

  // @ts-expect-error: a global table has no history
  globalTable('global-history', users, { history: '1h' })
  // @ts-expect-error: a global table is asked, not piped
  everywhere.pipe
  // @ts-expect-error: its keys are numbers
  const keys: GlobalTable<string, User> = everywhere

  void keys
})
