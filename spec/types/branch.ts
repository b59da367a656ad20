/** What `branch` gives by name. Checked by `npm run types`; there is nothing to run. */
import { branch, type Stream } from '../../lib/index.ts'

declare const users: Stream<number, { readonly age: number }>

const branches = users.pipe(
  branch('age', {
    minors: ({ age }) => age < 18,
    elders: ({ age }, { key }) => age + key > 65,
    others: true,
  }),
)
const { minors, elders, others } = branches
export const all: ReadonlyArray<Stream<number, { readonly age: number }>> = [minors, elders, others]

// @ts-expect-error: there is no such branch
branches.adults

// @ts-expect-error: what takes the rest is `true`
users.pipe(branch('age', { others: false }))

// @ts-expect-error: users have no such field
users.pipe(branch('name', { a: ({ name }) => name === 'a', others: true }))

// @ts-expect-error: a branch is no stream: take one of them
branches.pipe
