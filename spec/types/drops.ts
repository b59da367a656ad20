/** What `drops` knows of the records left out. Checked by `npm run types`; there is nothing to run. */
import {
  aggregate,
  count,
  type Dropped,
  dedupe,
  drops,
  filter,
  repartition,
  type Stream,
  tumbling,
  window,
} from '../../lib/index.ts'

interface User {
  readonly age: number
}

declare const users: Stream<string, User>
const minutes = users.pipe(window('minutes', tumbling('1m')))

// Keys and values are those that went in, not those of the table.
export const late: Stream<string, Dropped<User>> = minutes.pipe(count('counts'), drops('late'))
export const lateAges: Stream<string, Dropped<User>> = minutes.pipe(
  aggregate(
    'ages',
    () => 0,
    (sum, { age }) => sum + age,
  ),
  drops('late'),
)
export const duplicates: Stream<string, Dropped<User>> = users.pipe(
  dedupe('once', { within: 5 }),
  drops('twice'),
)
export const keyless: Stream<string, Dropped<User>> = users.pipe(repartition('by-key'), drops('keyless'))

// Most steps leave out nothing by their rules, and say nothing of what goes in.
export const unknown: Stream<unknown, Dropped<unknown>> = users.pipe(
  filter('adults', ({ age }) => age >= 18),
  drops('none'),
)

// @ts-expect-error: what was counted were users
export const wrong: Stream<string, Dropped<number>> = minutes.pipe(count('counts'), drops('late'))
