/** What `map` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { map, type Stream } from '../../lib/index.ts'

interface User {
  readonly name: string
  readonly age: number
}

declare const users: Stream<string, User>
declare const numbered: Stream<number, User>

// Keys stay, values become what the callback returns.
export const ages: Stream<string, number> = users.pipe(map('ages', ({ age }) => age))
export const labels: Stream<number, string> = numbered.pipe(
  map('labels', ({ name }, { key, timestamp }) => `${key.toFixed()} ${name} ${timestamp.toFixed()}`),
)
// A chain knows each step's result.
export const lengths: Stream<string, boolean> = users.pipe(
  map('names', ({ name }) => name),
  map('lengths', (name) => name.length),
  map('long', (length) => length > 10, { onError: 'skip' }),
)

// @ts-expect-error: users have no such field
users.pipe(map('missing', ({ email }) => email))

// @ts-expect-error: the keys are text
users.pipe(map('key', (_, { key }) => key.toFixed()))

// A map may try again, and says what is then.
users.pipe(map('again', ({ age }) => age, { onError: { retry: 3, backoff: '100ms', otherwise: 'skip' } }))

// @ts-expect-error: not what is then
users.pipe(map('and-then', ({ age }) => age, { onError: { retry: 3, backoff: '100ms' } }))

// @ts-expect-error: there is no such policy
users.pipe(map('policy', ({ age }) => age, { onError: 'ignore' }))

// @ts-expect-error: ages are numbers
export const wrong: Stream<string, string> = users.pipe(map('wrong', ({ age }) => age))
