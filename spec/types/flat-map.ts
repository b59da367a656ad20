/** What `flatMap` infers, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { flatMap, type Stream } from '../../lib/index.ts'

declare const texts: Stream<number, string>

export const words: Stream<number, string> = texts.pipe(flatMap('words', (text) => text.split(' ')))
export const lengths: Stream<number, number> = texts.pipe(
  flatMap('lengths', function* (text, { key }) {
    yield text.length
    yield key
  }),
)
export const mixed: Stream<number, string | number> = texts.pipe(
  flatMap('mixed', (text) => (text === '' ? [] : [text, text.length])),
)

// @ts-expect-error: any number of values, not one
texts.pipe(flatMap('one', (text) => text.length))

// @ts-expect-error: nothing waits here: use enrich
texts.pipe(flatMap('later', async (text) => [text]))
