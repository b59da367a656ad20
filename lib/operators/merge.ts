import type { Operator, Stream } from '../topology/stream.ts'

/**
 * The records of this stream and of others, each stream in its own order; between them there is none.
 * (KStream#merge)
 */
export function merge<K, V, V2>(
  name: string,
  ...others: readonly Stream<K, V2>[]
): Operator<K, V, K, V | V2> {
  return (stream) =>
    stream.append(
      { kind: 'merge', name },
      {},
      others.map(({ node }) => node),
    )
}
