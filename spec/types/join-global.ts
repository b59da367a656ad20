/** What `joinGlobal` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type GlobalTable, joinGlobal, type Stream } from '../../lib/index.ts'

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
declare const numbered: Stream<number, Order>
declare const everywhere: GlobalTable<string, Customer>

const bill = ({ price }: Order, { name }: Customer): Billed => ({ name, price })

// A row is found by a key of the record's choosing: its own may be of another type.
export const found: Stream<number, Billed> = numbered.pipe(
  joinGlobal('found', everywhere, ({ customer }) => customer, bill),
)

// @ts-expect-error: rows are found by text
orders.pipe(joinGlobal('found', everywhere, ({ price }) => price, bill))
