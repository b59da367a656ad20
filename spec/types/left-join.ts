/** What `leftJoin` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { leftJoin, within } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

declare const orders: Stream<string, { readonly amount: number }>
declare const payments: Stream<string, { readonly paid: number }>
declare const numbered: Stream<number, { readonly paid: number }>

export const open: Stream<string, number> = orders.pipe(
  leftJoin('open', payments, within('1h'), ({ amount }, payment) => amount - (payment?.paid ?? 0)),
)
export const paid: Stream<string, number | null> = orders.pipe(
  leftJoin('paid', payments, within('1h'), (_, payment) => payment?.paid ?? null),
)

// @ts-expect-error: there may be no payment
orders.pipe(leftJoin('open', payments, within('1h'), ({ amount }, payment) => amount - payment.paid))

// @ts-expect-error: the right side's keys are numbers
orders.pipe(leftJoin('keys', numbered, within('1h'), () => 1))

// @ts-expect-error: one store is for inner joins of a stream with itself
orders.pipe(leftJoin('one', orders, within('1h'), () => 1, { singleStore: true }))
