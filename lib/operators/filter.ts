import type { Context } from '../record.ts'
import type { FilterNode } from '../topology/nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** Keeps the records for which the predicate holds; the others are counted under the step's name. (KStream#filter) */
export function filter<K, V, R extends V = V>(
  name: string,
  predicate:
    | ((value: V, context: Context<NoInfer<K>>) => value is R)
    | ((value: V, context: Context<NoInfer<K>>) => boolean),
  options: RetryOptions = {},
): Operator<K, V, K, R> {
  return (stream) =>
    stream.append({ kind: 'filter', name, predicate: predicate as FilterNode['predicate'] }, options)
}

export function filterStep(node: FilterNode, next: Push, runtime: StepRuntime): Push {
  const predicate = guarded(node, node.predicate, runtime)
  return (value, context) => {
    const kept = predicate(value, context)
    if (kept === REFUSED) return
    if (kept) next(value, context)
    else runtime.count(node.name, 'filtered')
  }
}
