import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
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
  /**
   * With `close`: once the input has been idle for so long, windows that have not closed are emitted early. Stream time
   * stands still: what comes later within grace is counted, and corrects what was emitted, when the window closes or at
   * the next idle input. A window that has not changed since is not emitted again. Each result says its `closeReason`,
   * `time` or `idle`, and its `revision` (`closeOf`). Default: windows wait for time. (Flink's `withIdleness` lets
   * time go on past the idle input instead, so that what comes later is late.)
   *
   * The input is idle when the task has read its topics to their ends and, behind a repartition topic, so have all tasks
   * that write it (`idleAfter` of the worker), and stays so; how long is told by the wall clock.
   */
  readonly idleness?: Duration
}

/**
 * Divides each key's records into windows, for the aggregation that follows. (KGroupedStream#windowedBy)
 *
 * ```text
 * tumbling(10, { grace: 5 }), { emit: 'close', idleness: '2s' }, counted
 * records   @3   @7     (2 s idle)           @8      (2 s idle)           @9       @16
 * stream                [0,10)=2 idle, 1             [0,10)=3 idle, 2              [0,10)=4 time, 3
 * ```
 *
 * @throws MillraceError `CONFIG` for an idleness of windows that are emitted with every update.
 */
export function window<K, V>(
  name: string,
  windows: Windows,
  { emit = 'updates', retention, idleness }: WindowOptions = {},
): (stream: Stream<K, V>) => WindowedStream<K, V> {
  if (idleness !== undefined && emit !== 'close') {
    const message = `step "${name}" shows every update: idleness is for windows that wait, { emit: 'close' }`
    throw new MillraceError('CONFIG', message, { step: name })
  }
  return (stream) => {
    const node: WindowNode = Object.freeze({
      kind: 'window',
      name,
      windows,
      emit,
      retention: retention === undefined ? undefined : duration(retention),
      idleness: idleness === undefined ? undefined : duration(idleness),
      onError: 'dead-letter',
      parents: Object.freeze([keyed(stream, name)]),
    })
    return new WindowedStream<K, V>(stream.graph.add(node), stream.graph)
  }
}
