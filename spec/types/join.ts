/** What `join` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { filter, join, json, map, sink, stringKey, topic, within } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

interface Order {
  readonly id: string
  readonly amount: number
}

interface Payment {
  readonly paid: number
}

declare const orders: Stream<string, Order>
declare const payments: Stream<string, Payment>
declare const deletions: Stream<string, Order | null>
declare const numbered: Stream<number, Payment>
declare const either: Stream<string | number, Payment>

const total = (order: Order, { paid }: Payment) => order.amount - paid

export const open: Stream<string, number> = orders.pipe(
  join('open', payments, within('1h'), (order, { paid }, { key }) => order.amount - paid + key.length),
)
export const byFunction: Stream<string, number> = orders.pipe(join('open', payments, within('1h'), total))
export const midway: Stream<string, string> = orders.pipe(
  map('amount', ({ amount }) => amount),
  join('open', payments, within('1h'), (amount, { paid }) => amount - paid),
  filter('unpaid', (rest) => rest > 0),
  map('text', (rest) => rest.toFixed(2)),
)
orders.pipe(
  join('open', payments, within('1h'), total),
  sink('out', topic('open', { value: json<number>() })),
)

// Records without a value join nothing, so that neither side is ever null.
export const present: Stream<string, number> = deletions.pipe(join('open', payments, within('1h'), total))
export const itself: Stream<string, string> = orders.pipe(
  join('pairs', orders, within('1h'), (a, b) => a.id + b.id, { singleStore: true }),
)
orders.pipe(join('kept', payments, within('1h'), total, { left: json<Order>(), right: json<Payment>() }))

// Outside of `pipe`, where there is nothing to infer the left side from, it is said.
export const said = join<string, Order, Payment, number>('said', payments, within('1h'), total)
export const later: Stream<string, number> = orders.pipe(said)

// @ts-expect-error: the right side's keys are numbers
orders.pipe(join('keys', numbered, within('1h'), total))

// @ts-expect-error: the left side's keys are numbers
numbered.pipe(join('keys', payments, within('1h'), () => 1))

// @ts-expect-error: some of the right side's keys are numbers
orders.pipe(join('keys', either, within('1h'), total))

// @ts-expect-error: some of the left side's keys are numbers
either.pipe(join('keys', payments, within('1h'), () => 1))

// @ts-expect-error: orders are on the left
orders.pipe(join('sides', payments, within('1h'), (payment: Payment, order: Order) => total(order, payment)))

// @ts-expect-error: kept as something else
orders.pipe(join('kept', payments, within('1h'), total, { right: json<Order>() }))

// @ts-expect-error: a format for keys is none for values
orders.pipe(join('kept', payments, within('1h'), total, { left: stringKey }))

// @ts-expect-error: what is joined has a window
orders.pipe(join('endless', payments, total))
