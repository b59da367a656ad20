import type { Context } from '../record.ts'
import type { Operator, Stream } from '../topology/stream.ts'
import type { JoinWindows } from '../windows/join-windows.ts'
import { type StreamJoinOptions, streamJoin } from './stream-join-node.ts'

/**
 * As `leftJoin`, for both sides: each record of either that nothing has joined when its window and grace are over is
 * emitted with null for the other.
 *
 * ```text
 * after 5, before 1   a@2     b@3               a@8         c@9
 * left           -----La-----------------------------------Lc---
 * right          -------------Rb----------------Ra--------------
 * out                                           |           |
 *                                       null+Rb@3, La+null@2
 *                                     (Rb waits for left ones until 3 + 1, La for right ones until 2 + 5)
 * ```
 *
 * (KStream#outerJoin: KStreamKStreamJoin)
 */
export function outerJoin<K, L, R, V>(
  name: string,
  other: Stream<K, R>,
  windows: JoinWindows,
  joiner: (
    left: NonNullable<NoInfer<L>> | null,
    right: NonNullable<NoInfer<R>> | null,
    context: Context<NoInfer<K>>,
  ) => V,
  options: StreamJoinOptions<NoInfer<L>, NoInfer<R>> = {},
): Operator<K, L, K, V> {
  return streamJoin({ name, type: 'outer', windows, join: joiner, options }, other)
}
