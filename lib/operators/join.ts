import type { Context } from '../record.ts'
import type { Operator, Stream } from '../topology/stream.ts'
import type { JoinWindows } from '../windows/join-windows.ts'
import type { SameKeys } from './same-keys.ts'
import { type StreamJoinOptions, streamJoin } from './stream-join-node.ts'

export interface JoinOptions<L, R> extends StreamJoinOptions<L, R> {
  /**
   * For a stream joined with itself: one store instead of two, half the state. The same results, but that a record as
   * old as what is just not forgotten yet does not join itself. Default false.
   * (The optimisation `single.store.self.join`)
   */
  readonly singleStore?: boolean
}

/**
 * Joins each pair of records of two streams that have the same key and times within `windows`, once: the result has the
 * key, the later time, and the headers of the record that came last. A record without key or value joins nothing.
 *
 * ```text
 * within 5
 * left    a:L1@2                     a:L2@10
 * right            a:R1@4   a:R2@8
 * out              L1+R1@4           L2+R2@10        L1 and R2 are 6 apart, as are R1 and L2
 * ```
 *
 * A late record is not dropped: it joins what the other side still keeps, which is `before + after + grace` behind that
 * side's newest record; one that finds nothing, and is itself too old to be kept, is counted as `expired`.
 * Joined with itself, a stream gives every pair in both orders, and each record with itself.
 * Behind changed keys the sides pass repartition topics, `<name>-left` and `<name>-right`; the state is in the stores
 * of the same names. (KStream#join: KStreamKStreamJoin, KIP-633)
 *
 * @throws MillraceError `CONFIG` for `singleStore` with another stream.
 */
export function join<KR, L, R, V, K = KR>(
  name: string,
  other: Stream<KR, R> & SameKeys<K, KR>,
  windows: JoinWindows,
  joiner: (left: NonNullable<NoInfer<L>>, right: NonNullable<NoInfer<R>>, context: Context<NoInfer<K>>) => V,
  options: JoinOptions<NoInfer<L>, NoInfer<R>> = {},
): Operator<K, L, K, V> {
  const { singleStore } = options
  return streamJoin({ name, type: 'inner', windows, join: joiner, singleStore, options }, other)
}
