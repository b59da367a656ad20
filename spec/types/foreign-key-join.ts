/** What `foreignKeyJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { foreignKeyJoin, type Stream, type Table } from '../../lib/index.ts'

interface Order {
  readonly customer: string | null
  readonly price: number
}
interface Customer {
  readonly name: string
}

declare const orders: Table<number, Order>
declare const customers: Table<string, Customer>
declare const numbered: Table<number, Customer>
declare const stream: Stream<number, Order>

// The keys of the result are the left table's; those of the two need not be of one type.
export const joined: Table<number, string> = orders.pipe(
  foreignKeyJoin(
    'joined',
    customers,
    ({ customer }, key) => (key > 0 ? customer : null),
    ({ price }, { name }, key) => `${key.toFixed()}: ${name} ${price}`,
  ),
)
// A null of the joiner deletes; there is no row that is null.
export const deleting: Table<number, number> = orders.pipe(
  foreignKeyJoin(
    'cheap',
    customers,
    ({ customer }) => customer,
    ({ price }) => (price < 5 ? price : null),
  ),
)

const buyer = ({ customer }: Order) => customer
const named = (_: Order, { name }: Customer) => name

// @ts-expect-error: the other table's keys are numbers
orders.pipe(foreignKeyJoin('joined', numbered, buyer, named))

// @ts-expect-error: a price is no key of customers
orders.pipe(foreignKeyJoin('joined', customers, ({ price }: Order) => price, named))

// @ts-expect-error: tables are joined by foreign key, streams are not
stream.pipe(foreignKeyJoin('joined', customers, buyer, named))
