/** What `repartition` keeps, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { json, repartition, type Stream } from '../../lib/index.ts'

declare const numbers: Stream<string, number>

export const same: Stream<string, number> = numbers.pipe(repartition('same'))
export const stated: Stream<string, number> = numbers.pipe(
  repartition('stated', { value: json<number>(), partitions: 12 }),
)

// @ts-expect-error: the values are numbers
numbers.pipe(repartition('text', { value: json<string>() }))

// @ts-expect-error: the keys are text
numbers.pipe(repartition('keys', { key: json<number>() }))
