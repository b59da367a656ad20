/** What `keyBy` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { json, keyBy, type Stream } from '../../lib/index.ts'

declare const users: Stream<number, { readonly country: string | null; readonly age: number }>

type Users<K> = Stream<K, { readonly country: string | null; readonly age: number }>

// Text, or null for no key, unless it is said how other keys are written.
export const text: Users<string> = users.pipe(keyBy('country', ({ country }) => country))
export const number: Users<number> = users.pipe(keyBy('age', ({ age }) => age, { key: json<number>() }))
export const same: Users<string> = users.pipe(keyBy('same', (_, { key }) => key.toFixed()))

// @ts-expect-error: nothing says how numbers are written
users.pipe(keyBy('age', ({ age }) => age))

// @ts-expect-error: the key is not of the type that is written
users.pipe(keyBy('age', ({ country }) => country, { key: json<number>() }))
