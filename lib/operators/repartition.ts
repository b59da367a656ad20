import type { Response } from '../contract/foreign-key-serdes.ts'
import type { Context, OutRecord, RawRecord } from '../record.ts'
import type { RepartitionNode } from '../topology/keyed-nodes.ts'
import { awaits, lagOf } from '../topology/lag.ts'
import { type RepartitionSaid, repartitionNode } from '../topology/repartition-nodes.ts'
import { type Entered, Stream } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import type { TopicSerdes } from './sink.ts'
import type { Read } from './source.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'
import { isMarker, timeHeader, told } from './task-time.ts'

export interface RepartitionOptions<K, V> {
  /** How keys are written. Default: as the stream's keys are. */
  readonly key?: Format<K>
  /** How values are written. Default: any structured value. */
  readonly value?: Format<V>
  /** Default: as many as the widest input upstream. */
  readonly partitions?: number
}

/**
 * Sends the stream through a topic `<application>-<name>-repartition`, in which all records of a key are in one
 * partition. Records without a key are dropped there, and counted. (KStream#repartition)
 */
export function repartition<K, V>(
  name: string,
  options: RepartitionOptions<NoInfer<K>, NoInfer<V>> = {},
): (stream: Stream<K, V>) => Stream<K, V, Entered<K, V>> {
  return ({ node, graph }) =>
    new Stream<K, V, Entered<K, V>>(graph.add(repartitionNode(node, name, options as RepartitionSaid)), graph)
}

/** The end of the upstream sub-topology. */
export function repartitionStep(
  node: RepartitionNode,
  topic: string,
  { key, value }: TopicSerdes,
  runtime: StepRuntime,
): Push {
  const encode = guarded(
    node,
    (out: unknown, context: Context): OutRecord => ({
      topic,
      partition: node.carries === 'responses' ? (out as Response).partition : undefined,
      key: context.key === null ? null : key.encode(context.key),
      value: out === null ? null : value.encode(out),
      timestamp: context.timestamp,
      headers: timed
        ? [...context.headers, timeHeader(runtime.state.task, time(context.timestamp))]
        : context.headers,
    }),
    runtime,
  )
  // Nothing behind rows goes by time.
  const timed = node.carries !== 'rows'
  const time = timeAt(node, runtime)
  if (timed) runtime.ends(node, () => time())
  // A row that refers to nothing is asked for too, anywhere; a table has its own key.
  const keyless = node.carries === 'subscriptions' || node.carries === 'rows'
  return (out, context) => {
    if (context.key === null && !keyless) {
      runtime.drop(node, 'null-key', out, context)
      return
    }
    const record = encode(out, context)
    if (record !== REFUSED) runtime.emit(node, record, context)
  }
}

/** The beginning of the downstream one. */
export function repartitionRead(
  node: RepartitionNode,
  next: Push,
  runtime: StepRuntime,
  { key, value }: TopicSerdes,
): Read {
  const decode = guarded(
    node,
    (raw: RawRecord, context: Context) => {
      ;(context as { key: unknown }).key = raw.key === null ? null : key.decode(raw.key)
      return raw.value === null ? null : value.decode(raw.value)
    },
    runtime,
  )
  return (read) => {
    const headers = told(read.headers, runtime.state.upstream)
    if (isMarker(read)) return
    // Without what was told: a dead letter or a buffer further on keeps the record as the user knows it.
    const raw = headers === read.headers ? read : { ...read, headers }
    const { timestamp, topic, partition, offset } = raw
    const context: Context = { key: null, timestamp, headers, topic, partition, offset, raw }
    const decoded = decode(raw, context)
    if (decoded === REFUSED) return
    runtime.timers.read(context)
    next(decoded, context)
  }
}

/**
 * How far the task is: what it has read. Behind steps that hold records back it is what has come out of them or, between
 * micro-batches, what they hold back no longer: what is still to come may be late, but by no more than it is for itself.
 */
function timeAt(node: RepartitionNode, runtime: StepRuntime): (timestamp?: number) => number {
  const { timers } = runtime
  const lag = Math.max(...node.parents.map(lagOf))
  if (lag === 0 && !awaits(node)) return () => timers.streamTime
  const time = runtime.state.time(`${node.name}/out`)
  return (timestamp = timers.streamTime - lag) => time.observe(timestamp)
}
