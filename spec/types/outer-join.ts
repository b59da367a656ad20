/** What `outerJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { outerJoin, within } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

declare const orders: Stream<string, { readonly amount: number }>
declare const payments: Stream<string, { readonly paid: number }>
declare const numbered: Stream<number, { readonly paid: number }>

export const open: Stream<string, number> = orders.pipe(
  outerJoin('open', payments, within('1h'), (order, payment) => (order?.amount ?? 0) - (payment?.paid ?? 0)),
)

// @ts-expect-error: there may be no order
orders.pipe(outerJoin('open', payments, within('1h'), (order) => order.amount))

// @ts-expect-error: there may be no payment
orders.pipe(outerJoin('open', payments, within('1h'), (_, payment) => payment.paid))

// @ts-expect-error: the left side's keys are numbers
numbered.pipe(outerJoin('keys', payments, within('1h'), () => 1))
