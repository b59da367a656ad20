/** What `leftJoinTable` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { leftJoinTable, type Stream, type Table } from '../../lib/index.ts'

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
declare const customers: Table<string, Customer>

const bill = ({ price }: Order, { name }: Customer): Billed => ({ name, price })

export const perhaps: Stream<string, string | undefined> = orders.pipe(
  leftJoinTable('perhaps', customers, (_, customer) => customer?.name),
)

// @ts-expect-error: the row may be absent
orders.pipe(leftJoinTable('billed', customers, bill))

// @ts-expect-error: the keys of the records are numbers, those of the rows texts
numbered.pipe(leftJoinTable('perhaps', customers, (_, customer) => customer))
