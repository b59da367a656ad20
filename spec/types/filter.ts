/** What `filter` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { filter, map, type Stream } from '../../lib/index.ts'

declare const texts: Stream<string, string | null>
declare const numbers: Stream<number, number>

// Values and keys stay as they are.
export const even: Stream<number, number> = numbers.pipe(filter('even', (n, { key }) => (n + key) % 2 === 0))

// A predicate that tells types apart narrows them.
export const present: Stream<string, string> = texts.pipe(
  filter('present', (text): text is string => text !== null),
)
texts.pipe(
  filter('said', (text): text is string => text !== null),
  map('length', (text) => text.length),
)

texts.pipe(
  filter('any', () => true),
  // @ts-expect-error: it told nothing about null
  map('length', (text) => text.length),
)

// @ts-expect-error: yes or no
numbers.pipe(filter('unsure', () => undefined))

// @ts-expect-error: numbers are no text
numbers.pipe(filter('text', (n: string) => n === ''))
