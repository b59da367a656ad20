/** In memory, and in one transaction. */
const MOST = 500

/** What comes, some at a time. */
export async function* chunks<T>(all: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let some: T[] = []
  for await (const one of all) {
    some.push(one)
    if (some.length < MOST) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}
