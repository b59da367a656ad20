/** What `joinGlobal` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { joinGlobal, type Stream } from '../../lib/index.ts'
import { type Billed, bill, everywhere, numbered, orders } from '../support/orders-and-customers.ts'

// A row is found by a key of the record's choosing: its own may be of another type.
export const found: Stream<number, Billed> = numbered.pipe(
  joinGlobal('found', everywhere, ({ customer }) => customer, bill),
)

// @ts-expect-error: rows are found by text
orders.pipe(joinGlobal('found', everywhere, ({ price }) => price, bill))
