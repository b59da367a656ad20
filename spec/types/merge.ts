/** What streams can be merged, and into what. Checked by `npm run types`; there is nothing to run. */
import { map, merge, type Stream } from '../../lib/index.ts'

declare const texts: Stream<string, string>
declare const numbers: Stream<string, number>
declare const byNumber: Stream<number, string>

export const same: Stream<string, string> = texts.pipe(merge('same', texts))
export const either: Stream<string, string | number> = texts.pipe(merge('either', numbers))

texts.pipe(
  merge('either', numbers),
  // @ts-expect-error: it may be a number
  map('length', (value) => value.length),
)

// @ts-expect-error: keys of two types would be one stream's
texts.pipe(merge('keys', byNumber))
