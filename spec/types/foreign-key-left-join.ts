/** What `foreignKeyLeftJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { foreignKeyLeftJoin, json, type Table } from '../../lib/index.ts'

interface Order {
  readonly customer: string | null
  readonly price: number
}
interface Customer {
  readonly name: string
}

declare const orders: Table<number, Order>
declare const customers: Table<string, Customer>

export const left: Table<number, string> = orders.pipe(
  foreignKeyLeftJoin(
    'left',
    customers,
    ({ customer }) => customer,
    (_, customer) => customer?.name ?? '?',
    { materialize: false, value: json<string>(), onError: 'fail' },
  ),
)

const buyer = ({ customer }: Order) => customer
const named = (_: Order, { name }: Customer) => name

// @ts-expect-error: the row may be absent
orders.pipe(foreignKeyLeftJoin('left', customers, buyer, named))
