/** What `validate` takes and hands on. Checked by `npm run types`; there is nothing to run. */
import { type Stream, validate } from '../../lib/index.ts'

interface User {
  readonly id: string | null
}
interface Identified {
  readonly id: string
}

declare const users: Stream<string, User>

export const same: Stream<string, User> = users.pipe(
  validate('identified', ({ id }) => (id === null ? 'no id' : undefined)),
)

// The types it guarantees are said by name.
export const narrower: Stream<string, Identified> = users.pipe(
  validate<string, User, User & Identified>('identified', ({ id }) => (id === null ? 'no id' : undefined)),
)

// @ts-expect-error: a reason is text
users.pipe(validate('flag', ({ id }) => id === null))

// @ts-expect-error: nothing told that there is an id
export const wrong: Stream<string, Identified> = users.pipe(validate('none', () => undefined))

users.pipe(
  // @ts-expect-error: what is guaranteed is a kind of user
  validate<string, User, { readonly other: true }>('other', () => undefined),
)
