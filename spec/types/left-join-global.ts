/** What `leftJoinGlobal` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { leftJoinGlobal, type Stream } from '../../lib/index.ts'
import { bill, everywhere, nullable, orders } from '../support/orders-and-customers.ts'

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
