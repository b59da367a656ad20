import { structured } from '../contract/structured.ts'
import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import { NO_HEADERS, rekeyed } from '../record.ts'
import { CollectedRecords } from '../state/collected-records.ts'
import type { BatchNode } from '../topology/keyed-nodes.ts'
import type { RxRecord } from '../topology/nodes.ts'
import { keyed, keyFormatOf } from '../topology/repartition-nodes.ts'
import { type Entered, type StepOptions, Stream } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { guarded, type Push, REFUSED, type StepRuntime, type Timers } from './step.ts'

/** A batch is handed on by whichever is reached first; at least one must be said. */
export interface BatchLimits {
  /** How many records are enough. */
  readonly records?: number
  /** How many bytes of keys, values and headers, as they are kept, are enough: the record that reaches it is in. */
  readonly bytes?: number
  /** How long the first record waits at most, by the wall clock. */
  readonly every?: Duration
}

type Limited<L extends keyof BatchLimits> = Required<Pick<BatchLimits, L>>

export type BatchOptions<V> = BatchLimits &
  (Limited<'records'> | Limited<'bytes'> | Limited<'every'>) &
  StepOptions & {
    /** How values are kept. Default: any structured value. */
    readonly value?: Format<V>
  }

/**
 * Collects records into arrays, in order of arrival, and hands an array on when it has enough `records` or `bytes`, or
 * its first record has waited for `every`. What is collected is state: it survives a crash, waiting time included.
 *
 * `per: 'partition'` (default) is for what is written or asked in bulk: any keys together, none left out, no repartition
 * topic, one batch in the making for each partition. The result has no key, since its records have many. `per: 'key'` is
 * for what is computed from every so many records of a key: each has batches of its own, behind a repartition topic
 * where keys have changed; it is the key of the result, and records without one are left out.
 *
 * ```text
 * { records: 3, every: '1s' }
 * at       0s    0.2s  0.3s       0.9s            1.9s
 * records  a@5   b@3   a@4        b@9
 * batches              a,b,a@5                    b@9        the third record; one second after b
 * ```
 *
 * Each record is there with its key, timestamp, headers and origin. The result's timestamp is the largest of its
 * records; it has no headers of its own. A step behind that refuses a batch makes a dead letter of its last record
 * only: validate before, or say `onError: 'fail'` there.
 *
 * Stream time has no part in it: records are neither late nor sorted, and a pause of the input holds nothing back, since
 * `every` goes by the wall clock. By `records` and `bytes` the same input gives the same batches again; by `every` a
 * catch-up gives larger ones than the live run. With `every` alone, as much is kept as comes in that time.
 *
 * In Spark a micro-batch is what one trigger reads, of all partitions; here it is of one task, and of a size that is
 * said. Flink's count windows are `per: 'key'` with `records`; its `every` would be a processing-time window, which
 * is aligned to the clock and not to the first record. Kafka Streams has neither: a Processor with a store and a
 * wall-clock punctuation.
 *
 * @throws MillraceError `CONFIG` for limits that say nothing, or can't be reached.
 */
export function batch<K, V>(
  name: string,
  options: BatchOptions<NoInfer<V>> & { readonly per: 'key' },
): (stream: Stream<K, V>) => Stream<K, RxRecord<K, V>[], Entered<K, V>>
export function batch<K, V>(
  name: string,
  options: BatchOptions<NoInfer<V>> & { readonly per?: 'partition' },
): (stream: Stream<K, V>) => Stream<never, RxRecord<K, V>[], Entered<K, V>>
export function batch<K, V>(
  name: string,
  options: BatchOptions<NoInfer<V>> & { readonly per?: BatchNode['per'] },
): (stream: Stream<K, V>) => Stream<K, RxRecord<K, V>[], Entered<K, V>> {
  const { per = 'partition', onError = 'dead-letter', value = structured() } = options
  const limits = limitsOf(name, options)
  return (stream) => {
    const parent = per === 'key' ? keyed(stream, name) : stream.node
    const node: BatchNode = Object.freeze({
      kind: 'batch',
      name,
      onError,
      per,
      ...limits,
      store: Object.freeze({
        kind: 'key-value',
        name,
        timestamped: false,
        key: keyFormatOf(parent),
        value: value as Format<unknown>,
      }),
      parents: Object.freeze([parent]),
    })
    return new Stream(stream.graph.add(node), stream.graph)
  }
}

export function batchStep(node: BatchNode, next: Push, runtime: StepRuntime): Push {
  const { per, records, bytes, every } = node
  const collected = new CollectedRecords(node.store, runtime.state.bytes(node.store.name))
  const collect = guarded(
    node,
    (value, context) => {
      const group = per === 'key' ? collected.groupOf(context.key) : ''
      const now = collected.add(group, value, context, runtime.timers.wallClock)
      return { group, full: now.records >= records || now.bytes >= bytes }
    },
    runtime,
  )
  const handOn = (group: string) => {
    const batch = collected.take(group)
    const last = batch.at(-1)!
    const timestamp = batch.reduce((largest, record) => Math.max(largest, record.timestamp), last.timestamp)
    next(batch, { ...rekeyed(last, per === 'key' ? last.key : null, timestamp), headers: NO_HEADERS })
  }
  const wake = waking(collected, every, runtime.timers, handOn)
  // What was collected before a crash waits on.
  wake()
  return (value, context) => {
    if (per === 'key' && context.key === null) return runtime.drop(node, 'null-key', value, context)
    const added = collect(value, context)
    if (added === REFUSED) return
    if (added.full) handOn(added.group)
    wake()
  }
}

/** Hands on the groups that have waited for `every`. Returns what is to be called when one may have begun to wait. */
function waking(
  collected: CollectedRecords,
  every: number,
  timers: Timers,
  handOn: (group: string) => void,
): () => void {
  let scheduled = false
  const wake = () => {
    if (scheduled || every === Number.POSITIVE_INFINITY) return
    const { first } = collected
    if (first === undefined) return
    scheduled = true
    const wait = Math.max(1, first.since + every - timers.wallClock)
    const cancel = timers.schedule('wall-clock', wait, (time) => {
      cancel()
      scheduled = false
      for (let due = collected.first; due !== undefined && due.since + every <= time; due = collected.first) {
        handOn(due.group)
      }
      wake()
    })
  }
  return wake
}

function limitsOf(step: string, said: BatchLimits): Pick<BatchNode, 'records' | 'bytes' | 'every'> {
  const every = said.every === undefined ? undefined : duration(said.every)
  const { records, bytes } = said
  const wrong = Object.entries({ records, bytes, every }).find(
    ([, limit]) => limit !== undefined && !(limit >= 1),
  )
  if (wrong !== undefined) {
    const [limit, value] = wrong
    const message = `step "${step}" has { ${limit}: ${value} }, which no batch can reach: say at least 1`
    throw new MillraceError('CONFIG', message, { step })
  }
  if (records === undefined && bytes === undefined && every === undefined) {
    const message = `step "${step}" would collect for ever: say { records }, { bytes } or { every }`
    throw new MillraceError('CONFIG', message, { step })
  }
  const { POSITIVE_INFINITY: never } = Number
  return { records: records ?? never, bytes: bytes ?? never, every: every ?? never }
}
