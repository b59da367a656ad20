/** What `source` infers from its topic. Checked by `npm run types`; there is nothing to run. */
import { json, type Stream, topic, topology } from '../../lib/index.ts'

interface User {
  readonly at: number
}

const users = topic('users', { value: json<User>() })
const byId = topic('users-by-id', { key: json<number>(), value: json<User>() })

topology('types', ({ source }) => {
  const plain = source('plain', users)
  const keyed = source('keyed', byId, { startAt: 'latest', nullValues: 'dead-letter' })
  // Whoever lets records without a value pass gets them.
  const nullable = source('nullable', users, { nullValues: 'pass', invalidTimestamps: 'partition-time' })
  source('dated', users, {
    timestamp: ({ at }, { key, timestamp }, partitionTime) => (key === '' ? timestamp : at + partitionTime),
  })

  // @ts-expect-error: a time is a number
  source('text', users, { timestamp: ({ at }) => at.toFixed() })
  // @ts-expect-error: users have no such field
  source('field', users, { timestamp: (user) => user.when })
  source('limited', users, { rate: '500/s' })
  // @ts-expect-error: a rate is a number or a text
  source('fast', users, { rate: true })

  // @ts-expect-error: there is no such policy
  source('policy', users, { invalidTimestamps: 'skip' })

  const all: [Stream<string, User>, Stream<number, User>, Stream<string, User | null>] = [
    plain,
    keyed,
    nullable,
  ]
  // @ts-expect-error: the values may be null
  const never: Stream<string, User> = nullable
  return [all, never] as never
})
