/** What `reduce` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { json, reduce, type Table, tumbling, type Windowed, window } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

declare const numbers: Stream<string, number>
declare const nullable: Stream<string, number | null>
declare const users: Stream<string, { readonly id: string; readonly age: number }>

export const sums: Table<string, number> = numbers.pipe(reduce('sum', (a, b) => a + b))
export const kept: Table<string, number> = numbers.pipe(reduce('sum', Math.max, { value: json() }))
export const deleting: Table<string, number> = numbers.pipe(reduce('sum', (a, b) => (a === b ? null : b)))

// Windows hand on null values too; what has been reduced is never null.
export const windowed: Table<Windowed<string>, number> = nullable.pipe(
  window('minutes', tumbling('1m')),
  reduce('sum', (a, b) => a + (b ?? 0)),
)

// @ts-expect-error: the value may be null
nullable.pipe(reduce('sum', (a, b) => a + b))

// @ts-expect-error: a reduction stays of the records' type
users.pipe(reduce('ages', (a, b) => a.age + b.age))

// @ts-expect-error: kept as text
numbers.pipe(reduce('sum', (a, b) => a + b, { value: json<string>() }))
