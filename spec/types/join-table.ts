/** What joins with tables infer, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import {
  type GlobalTable,
  joinGlobal,
  joinTable,
  json,
  keyBy,
  leftJoinGlobal,
  leftJoinTable,
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
export const perhaps: Stream<string, string | undefined> = orders.pipe(
  leftJoinTable('perhaps', customers, (_, customer) => customer?.name),
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

// @ts-expect-error: the row may be absent
orders.pipe(leftJoinTable('billed', customers, bill))

// @ts-expect-error: the keys of the records are numbers, those of the rows texts
numbered.pipe(joinTable('billed', customers, bill))

// @ts-expect-error: the keys of the records are numbers, those of the rows texts
numbered.pipe(leftJoinTable('perhaps', customers, (_, customer) => customer))

// Keys made texts meet.
numbered.pipe(
  keyBy('by-customer', ({ customer }) => customer),
  joinTable('billed', customers, bill),
)

// @ts-expect-error: such rows have no address
orders.pipe(joinTable('billed', customers, (_, { address }) => address))

// @ts-expect-error: what waits are orders
orders.pipe(joinTable('billed', customers, bill, { grace: '5s', value: json<number>() }))

// A row is found by a key of the record's choosing: its own may be of another type.
export const found: Stream<number, Billed> = numbered.pipe(
  joinGlobal('found', everywhere, ({ customer }) => customer, bill),
)
export const foundOrNot: Stream<string, string> = nullable.pipe(
  leftJoinGlobal(
    'found',
    everywhere,
    ({ customer }, { key }) => customer ?? key,
    (_, customer) => customer?.name ?? '?',
  ),
)

// @ts-expect-error: rows are found by text
orders.pipe(joinGlobal('found', everywhere, ({ price }) => price, bill))

// @ts-expect-error: the row may be absent
orders.pipe(leftJoinGlobal('found', everywhere, ({ customer }) => customer, bill))

// @ts-expect-error: a global table is joined by joinGlobal
orders.pipe(joinTable('found', everywhere, bill))
