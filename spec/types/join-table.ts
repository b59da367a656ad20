/** What `joinTable` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  type GlobalTable,
  joinTable,
  json,
  keyBy,
  map,
  type Stream,
  sink,
  type Table,
  topic,
} from '../../lib/index.ts'

interface Order {
  readonly customer: string
  readonly price: number
}
interface Customer {
  readonly name: string
}
interface Billed {
  readonly name: string
  readonly price: number
}

declare const orders: Stream<string, Order>
declare const nullable: Stream<string, Order | null>
declare const numbered: Stream<number, Order>
declare const customers: Table<string, Customer>
declare const everywhere: GlobalTable<string, Customer>

const bill = ({ price }: Order, { name }: Customer): Billed => ({ name, price })

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
