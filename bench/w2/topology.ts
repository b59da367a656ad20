import {
  count,
  json,
  keyBy,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { PARTITIONS, type User } from './users.ts'

/** Of its own for each run, so that each begins cold. */
const application = process.env.W2_APPLICATION ?? 'w2'

/** Users by country and minute, as `userCounts` of a run has them: every update of every window. */
export const counts = topic(`${application}-counts`, {
  key: windowedKey(),
  value: json<number | null>(),
  partitions: PARTITIONS,
})

export default topology(application, ({ source }) => {
  const users = topic(process.env.W2_INPUT ?? 'w2-users', { value: json<User>(), partitions: PARTITIONS })
  source('users', users).pipe(
    keyBy('country', ({ nat }) => nat.toUpperCase()),
    window('per-minute', tumbling('1m', { grace: '30s' })),
    count('per-country'),
    toStream('updates'),
    sink('counts', counts),
  )
})
