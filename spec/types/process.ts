/** What `process` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  type Forward,
  json,
  keyValueStore,
  map,
  type Processor,
  process,
  type Stream,
  type Table,
  windowStore,
} from '../../lib/index.ts'

interface User {
  readonly name: string
  readonly age: number
}

declare const users: Stream<string, User>
declare const prices: Table<string, { readonly price: number }>
declare const byNumber: Stream<number, User>

const last = keyValueStore<number>('last')
const seen = windowStore<string>('seen', { retention: '1h' })
const sums = keyValueStore<bigint, number>('sums', { key: json() })

// Without annotations the records stay of the stream's type.
export const same: Stream<string, User> = users.pipe(
  process('same', { stores: { last } }, ({ stores }, forward) => (user, { key, timestamp }) => {
    const before: number | undefined = stores.last.get(key)
    stores.last.put(key, user.age)
    forward({ value: user, timestamp: before ?? timestamp })
  }),
)

// `forward` says what comes out; the next step knows it.
export const ages: Stream<string, string> = users.pipe(
  process(
    'ages',
    { stores: { seen }, tables: { prices } },
    ({ stores, tables }, forward: Forward<{ n: number }>) => {
      return (user, { key, timestamp }) => {
        for (const { time, value } of stores.seen.fetch(key, 0, timestamp))
          stores.seen.put(key, value.trim(), time)
        const row = tables.prices.get(key)
        forward({ value: { n: user.age + (row?.value.price ?? 0) } })
        // @ts-expect-error: the values are objects
        forward({ value: 5 })
      }
    },
  ),
  map('text', ({ n }) => n.toFixed()),
)

// Keys other than text say how they are written.
export const keyed: Stream<number, string> = users.pipe(
  process('keyed', { key: json<number>() }, (_, forward: Forward<string, number>) => (user) => {
    forward({ key: user.age, value: user.name })
  }),
)
export const kept: Stream<number, number> = byNumber.pipe(
  process(
    'kept',
    { stores: { sums }, keys: 'kept' },
    ({ stores }, forward: Forward<number, number>) =>
      (_, { key }) => {
        stores.sums.put(key, 5n)
        forward({ value: key })
      },
  ),
)

// A processor can be written beside the topology.
const remembered = { last }
function counting({ stores, schedule }: Processor<typeof remembered>, forward: Forward<number>) {
  schedule('wall-clock', '1m', (time, cancel) => {
    for (const { key, value } of stores.last.all()) forward({ key, value: value + time })
    cancel()
  })
  return (_: User, { key }: { key: string }) => stores.last.put(key, 1)
}
export const apart: Stream<string, number> = users.pipe(process('apart', { stores: remembered }, counting))

users.pipe(
  process('wrong', { stores: { last } }, ({ stores, schedule }, forward) => {
    // @ts-expect-error: there is no such store
    stores.first
    // @ts-expect-error: there are two clocks
    schedule('sundial', 10, () => {})
    return (user, { key }) => {
      // @ts-expect-error: the store has numbers
      stores.last.put(key, user.name)
      // @ts-expect-error: keys are text
      forward({ key: 5 })
      // @ts-expect-error: it was not annotated, and takes users
      forward({ value: 5 })
    }
  }),
)

// @ts-expect-error: the setup must return the handler
users.pipe(process('none', {}, () => {}))

// @ts-expect-error: keys that are kept are written as they were
users.pipe(process('both', { keys: 'kept', key: json<number>() }, () => () => {}))

// @ts-expect-error: these keys are numbers, and `Forward` says text unless told
byNumber.pipe(process('text', {}, (_, forward: Forward<number>) => () => forward({ key: 'x' })))

users.pipe(
  process('tables', { tables: { prices } }, ({ tables }) => (_, { key }) => {
    // @ts-expect-error: tables are to be read only
    tables.prices.put(key, { price: 1 })
  }),
)
