/** What `peek` sees, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { peek, type Stream } from '../../lib/index.ts'

declare const users: Stream<number, { readonly name: string }>

export const same: Stream<number, { readonly name: string }> = users.pipe(
  peek('seen', ({ name }, { key, headers }) => console.log(name.length, key.toFixed(), headers.length)),
)

users.pipe(
  peek('changed', (user) => {
    // @ts-expect-error: it looks, and changes nothing
    user.name = ''
  }),
)

// @ts-expect-error: users have no such field
users.pipe(peek('seen', ({ email }) => console.log(email)))
