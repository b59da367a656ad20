/** What `leftJoinTable` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { leftJoinTable, type Stream } from '../../lib/index.ts'
import { bill, customers, numbered, orders } from '../support/orders-and-customers.ts'

export const perhaps: Stream<string, string | undefined> = orders.pipe(
  leftJoinTable('perhaps', customers, (_, customer) => customer?.name),
)

// @ts-expect-error: the row may be absent
orders.pipe(leftJoinTable('billed', customers, bill))

// @ts-expect-error: the keys of the records are numbers, those of the rows texts
numbered.pipe(leftJoinTable('perhaps', customers, (_, customer) => customer))
