/** What `cogroup` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { and, cogroup, json, session, type Table, tumbling, type Windowed, window } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

interface Order {
  readonly price: number
}
interface Return {
  readonly reason: string
}
interface Customer {
  readonly spent: number
  readonly reasons: readonly string[]
}

declare const orders: Stream<string, Order>
declare const returns: Stream<string, Return>
declare const numbered: Stream<number, Return>

const nobody = (): Customer => ({ spent: 0, reasons: [] })

// Aggregate, values and keys are inferred everywhere.
export const customers: Table<string, Customer> = orders.pipe(
  cogroup(
    'customers',
    nobody,
    (all, { price }) => ({ ...all, spent: all.spent + price }),
    and(returns, (all, { reason }, { key }) => ({ ...all, reasons: [...all.reasons, reason, key.trim()] })),
    and(returns, (all, { reason }) => (reason === 'gone' ? null : all)),
  ),
)

export const literal: Table<string, { orders: number }> = orders.pipe(
  cogroup(
    'count',
    () => ({ orders: 0 }),
    (all) => ({ orders: all.orders + 1 }),
    and(returns, (all) => ({ orders: all.orders - 1 })),
  ),
)

export const windowed: Table<Windowed<string>, number> = orders.pipe(
  window('minutes', tumbling('1m')),
  cogroup(
    'count',
    () => 0,
    (n, { price }) => n + price,
    and(returns, (n) => n - 1),
  ),
)

export const sessions: Table<Windowed<string>, number> = orders.pipe(
  window('visits', session('5m')),
  cogroup(
    'count',
    { init: () => 0, merge: (a, b) => a + b, value: json() },
    (n) => n + 1,
    and(returns, (n) => n - 1),
  ),
)

orders.pipe(
  cogroup(
    'count',
    () => 0,
    (n) => n + 1,
    // @ts-expect-error: the streams must have keys of one type
    and(numbered, (n) => n + 1),
  ),
)

orders.pipe(
  cogroup(
    'count',
    () => 0,
    (n) => n + 1,
    // @ts-expect-error: the aggregate is a number
    and(returns, (_, { reason }) => reason),
  ),
)

orders.pipe(
  cogroup(
    'count',
    () => 0,
    (n) => n + 1,
    // @ts-expect-error: returns have no price
    and(returns, (n, { price }) => n + price),
  ),
)
