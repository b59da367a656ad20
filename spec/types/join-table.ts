/** What `joinTable` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { joinTable, json, keyBy, map, type Stream, sink, topic } from '../../lib/index.ts'
import {
  type Billed,
  bill,
  customers,
  everywhere,
  nullable,
  numbered,
  type Order,
  orders,
} from '../support/orders-and-customers.ts'

// Values, rows and keys are inferred; the joiner never sees a null value.
export const billed: Stream<string, Billed> = orders.pipe(joinTable('billed', customers, bill))
export const given: Stream<string, number> = nullable.pipe(
  joinTable('price', customers, ({ price }, { name }, { key }) => price + name.length + key.length),
)
export const waiting: Stream<string, Billed> = orders.pipe(
  joinTable('billed', customers, bill, { grace: '5s', value: json<Order>(), onError: 'skip' }),
)
// What is behind it, and what went in, stay typed.
orders.pipe(
  joinTable('billed', customers, bill),
  map('name', ({ name }) => name.trim()),
  sink('names', topic('names', { value: json<string>() })),
)

// @ts-expect-error: the keys of the records are numbers, those of the rows texts
numbered.pipe(joinTable('billed', customers, bill))

// Keys made texts meet.
numbered.pipe(
  keyBy('by-customer', ({ customer }) => customer),
  joinTable('billed', customers, bill),
)

// @ts-expect-error: such rows have no address
orders.pipe(joinTable('billed', customers, (_, { address }) => address))

// @ts-expect-error: what waits are orders
orders.pipe(joinTable('billed', customers, bill, { grace: '5s', value: json<number>() }))

// @ts-expect-error: a global table is joined by joinGlobal
orders.pipe(joinTable('found', everywhere, bill))
