import type { Context } from '../record.ts'
import type { Operator, Stream } from '../topology/stream.ts'
import type { JoinWindows } from '../windows/join-windows.ts'
import type { SameKeys } from './same-keys.ts'
import { type StreamJoinOptions, streamJoin } from './stream-join-node.ts'

/**
 * As `leftJoin`, for both sides: each record of either that nothing has joined when its window and grace are over is
 * emitted with null for the other.
 *
 * ```text
 * before 1, after 5
 * left    a:La@2
 * right            b:Rb@3   c:Rc@5      d:Rd@8
 * out                       null+Rb@3   La+null@2, null+Rc@5        Rb waited while time <= 3 + 1, La while <= 2 + 5
 * ```
 *
 * (KStream#outerJoin: KStreamKStreamJoin)
 */
export function outerJoin<KR, L, R, V, K = KR>(
  name: string,
  other: Stream<KR, R> & SameKeys<K, KR>,
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
