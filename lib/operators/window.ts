import { type Duration, duration } from '../duration.ts'
import type { WindowNode } from '../topology/keyed-nodes.ts'
import { keyed } from '../topology/repartition-nodes.ts'
import { type Stream, WindowedStream } from '../topology/stream.ts'
import type { Windows } from '../windows/windows.ts'

export interface WindowOptions {
  /** `updates` (default): every change of a window is shown; `close`: each window once, when it closes. (EmitStrategy) */
  readonly emit?: 'updates' | 'close'
  /**
   * How long windows are kept in the store, behind the newest. Default: as long as they take records; with `close`, they
   * are emitted first. With a retention that is said, `close` loses what a jump of time makes the store forget, as in
   * Kafka Streams: say a longer one. (Materialized#withRetention)
   */
  readonly retention?: Duration
}

/** Divides each key's records into windows, for the aggregation that follows. (KGroupedStream#windowedBy) */
export function window<K, V>(
  name: string,
  windows: Windows,
  { emit = 'updates', retention }: WindowOptions = {},
): (stream: Stream<K, V>) => WindowedStream<K, V> {
  return (stream) => {
    const node: WindowNode = Object.freeze({
      kind: 'window',
      name,
      windows,
      emit,
      retention: retention === undefined ? undefined : duration(retention),
      onError: 'dead-letter',
      parents: Object.freeze([keyed(stream, name)]),
    })
    return new WindowedStream<K, V>(stream.graph.add(node), stream.graph)
  }
}
