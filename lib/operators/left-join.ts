import type { Context } from '../record.ts'
import type { Operator, Stream } from '../topology/stream.ts'
import type { JoinWindows } from '../windows/join-windows.ts'
import type { SameKeys } from './same-keys.ts'
import { type StreamJoinOptions, streamJoin } from './stream-join-node.ts'

/**
 * As `join`, and each left record that nothing has joined when its window and grace are over, with null.
 *
 * ```text
 * within 5, grace 2
 * left    a:La@2   b:Lb@3                     c:Lc@11
 * right                     a:Ra@4   c:Rc@9
 * out                       La+Ra@4           Lb+null@3, Lc+Rc@11        Lb waited while time <= 3 + 5 + 2
 * ```
 *
 * It is emitted with its own time, and the headers of the record of either side and any key that moved time far enough.
 * At once are those without a key, and those whose window lies wholly behind stream time; a match may still follow then.
 * What waits is in the state `<name>-unmatched`, and survives a crash.
 *
 * As in Kafka Streams it may come later than that: before it looks for what is over, it compares the time of the last
 * record it looked at with the window of the side that has got a record.
 * (KStream#leftJoin: KStreamKStreamJoin, KAFKA-10847)
 */
export function leftJoin<KR, L, R, V, K = KR>(
  name: string,
  other: Stream<KR, R> & SameKeys<K, KR>,
  windows: JoinWindows,
  joiner: (
    left: NonNullable<NoInfer<L>>,
    right: NonNullable<NoInfer<R>> | null,
    context: Context<NoInfer<K>>,
  ) => V,
  options: StreamJoinOptions<NoInfer<L>, NoInfer<R>> = {},
): Operator<K, L, K, V> {
  return streamJoin({ name, type: 'left', windows, join: joiner, options }, other)
}
