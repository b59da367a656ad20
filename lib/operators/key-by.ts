import { stringKey } from '../contract/serde.ts'
import { type Context, rekeyed } from '../record.ts'
import type { KeyByNode } from '../topology/keyed-nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

export interface KeyByOptions<K> extends RetryOptions {
  /** How the keys are written. Default: text. */
  readonly key?: Format<K>
}

/**
 * Gives each record a new key; null is no key. A later step that needs the records of a key together (an aggregation,
 * a join, a store) is fed through a repartition topic, which records without a key do not pass. (KStream#selectKey)
 */
export function keyBy<K, V>(
  name: string,
  by: (value: V, context: Context<NoInfer<K>>) => string | null,
  options?: RetryOptions & { readonly key?: never },
): Operator<K, V, string, V>
export function keyBy<K, V, K2>(
  name: string,
  by: (value: V, context: Context<NoInfer<K>>) => K2 | null,
  options: RetryOptions & { readonly key: Format<K2> },
): Operator<K, V, K2, V>
export function keyBy<K, V, K2>(
  name: string,
  by: (value: V, context: Context<NoInfer<K>>) => K2 | null,
  { key, ...options }: KeyByOptions<K2> = {},
): Operator<K, V, K2, V> {
  const said = {
    kind: 'keyBy',
    name,
    by: by as KeyByNode['by'],
    key: (key ?? stringKey) as Format<unknown>,
  } as const
  return (stream) => stream.append(said, options)
}

export function keyByStep(node: KeyByNode, next: Push, runtime: StepRuntime): Push {
  const by = guarded(node, node.by, runtime)
  return (value, context) => {
    const key = by(value, context)
    if (key !== REFUSED) next(value, rekeyed(context, key ?? null, context.timestamp))
  }
}
