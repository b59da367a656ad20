/** What `leftJoinGlobal` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type GlobalTable, leftJoinGlobal, type Stream } from '../../lib/index.ts'

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
declare const everywhere: GlobalTable<string, Customer>

const bill = ({ price }: Order, { name }: Customer): Billed => ({ name, price })

// What chooses the key never sees a null value.
export const foundOrNot: Stream<string, string> = nullable.pipe(
  leftJoinGlobal(
    'found',
    everywhere,
    ({ customer }, { key }) => customer ?? key,
    (_, customer) => customer?.name ?? '?',
  ),
)

// @ts-expect-error: the row may be absent
orders.pipe(leftJoinGlobal('found', everywhere, ({ customer }) => customer, bill))
