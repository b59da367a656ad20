/** What `enrich` and `lookup` infer, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { enrich, type LookupTarget, lookup, type Stream } from '../../lib/index.ts'

interface User {
  readonly country: string | null
}
interface Country {
  readonly continent: string
}

declare const users: Stream<number, User>
declare const countries: LookupTarget<Country>

// A call gets a signal that ends it, and may take its time.
export const called: Stream<number, { readonly id: number }> = users.pipe(
  enrich('called', async (_, { key }, signal) => ({ id: signal.aborted ? 0 : key }), {
    concurrency: 8,
    order: 'key',
    timeout: '2s',
    retry: 3,
  }),
)

// A row may be missing.
export const looked: Stream<number, { readonly continent: string | undefined }> = users.pipe(
  enrich(
    'looked',
    lookup(countries, {
      by: (user: User) => user.country,
      merge: (_, row: Country | undefined) => ({ continent: row?.continent }),
    }),
  ),
)

// A function that loads rows by their keys, in place of a connector's target.
export const scored: Stream<number, { readonly score: number }> = users.pipe(
  enrich(
    'scored',
    lookup(async (keys, signal) => new Map(signal.aborted ? [] : keys.map((key) => [key, key.length])), {
      by: (user: User) => user.country,
      merge: (_, length: number | undefined) => ({ score: length ?? 0 }),
    }),
  ),
)

// @ts-expect-error: what does not wait is a map
users.pipe(enrich('now', (user) => user.country))

// @ts-expect-error: there is no such order
users.pipe(enrich('order', async (user) => user, { order: 'time' }))

lookup(countries, {
  by: (user: User) => user.country,
  // @ts-expect-error: the row may be missing
  merge: (_, row: Country) => row.continent,
})
