import { internalSerde } from '../contract/internal-serde.ts'
import { KeyCodec } from '../state/key-codec.ts'
import { keyFormatOf } from '../topology/repartition-nodes.ts'
import { Stream, type Table } from '../topology/stream.ts'
import type { ToStreamNode } from '../topology/table-nodes.ts'
import type { Waiting } from './attempt.ts'
import type { AsyncStep, Push, StepRuntime } from './step.ts'

export interface ToStreamOptions {
  /** Default: `all`. */
  readonly updates?: ToStreamNode['updates']
}

/**
 * The updates of a table as records; a deletion is a null value. (KTable#toStream)
 *
 * `updates: 'last'` leaves out those that a later one of the same micro-batch replaces, as Kafka Streams' record cache
 * does between commits (Materialized#withCachingEnabled): what is read of them is the same in the end, and a count of
 * few keys writes far fewer records. In the order of what is left; how many that are depends on how the input came, so
 * that a second run may show other steps on the way to the same rows. What is left out is counted as `replaced`.
 */
export function toStream<K, V>(
  name: string,
  { updates = 'all' }: ToStreamOptions = {},
): (table: Table<K, V>) => Stream<K, V | null> {
  return (table) => new Stream<K, V | null>(table.add({ kind: 'toStream', name, updates }), table.graph)
}

export function toStreamStep(
  node: ToStreamNode,
  next: Push,
  runtime: Pick<StepRuntime, 'count'>,
): Push | AsyncStep {
  if (node.updates === 'all') return next
  const keys = new KeyCodec(internalSerde(keyFormatOf(node)))
  const last = new Map<string, Waiting>()
  let replaced = 0
  return {
    push(value, context) {
      const key = keys.encode(context.key)
      // Taken out first: it goes to the end. (NamedCache#put)
      if (last.delete(key)) replaced++
      last.set(key, { value, context })
    },
    async flush() {
      for (const { value, context } of last.values()) next(value, context)
      last.clear()
      if (replaced > 0) runtime.count(node.name, 'replaced', replaced)
      replaced = 0
    },
  }
}
