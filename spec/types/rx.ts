/** What RxJS operators inside `rx` see and give. Checked by `npm run types`; there is nothing to run. */
import { groupBy, last, map, mergeMap, pipe } from 'rxjs'
import { type RxRecord, rx, type Stream } from '../../lib/index.ts'

declare const users: Stream<string, { readonly age: number }>

export const latest: Stream<string, { readonly age: number }> = users.pipe(
  rx(
    'latest',
    pipe(
      groupBy(({ key }) => key),
      mergeMap((group) => group.pipe(last())),
    ),
  ),
)

// Keys and values may become others.
export const byAge: Stream<number, string> = users.pipe(
  rx(
    'by-age',
    map((record) => ({ ...record, key: record.value.age, value: record.key })),
    { timeout: '5s' },
  ),
)

const values = map(({ value }: RxRecord<string, { readonly age: number }>) => value)
// @ts-expect-error: what comes out are records, not values
users.pipe(rx('values', values))

const names = (record: RxRecord<string, { readonly name: string }>) => ({
  ...record,
  value: record.value.name,
})
// @ts-expect-error: users have no such field
users.pipe(rx('names', map(names)))

const same = map((record: RxRecord<string, { readonly age: number }>) => record)
// @ts-expect-error: its records are taken together, and none can be tried again
users.pipe(rx('again', same, { onError: { retry: 1, backoff: '1s', otherwise: 'skip' } }))
