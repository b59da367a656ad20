import type { Context } from '../record.ts'
import type { FlatMapNode } from '../topology/nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** One value in, any number out, in order; key, timestamp and headers stay. (KStream#flatMapValues) */
export function flatMap<K, V, R>(
  name: string,
  project: (value: V, context: Context<NoInfer<K>>) => Iterable<R>,
  options: RetryOptions = {},
): Operator<K, V, K, R> {
  return (stream) =>
    stream.append({ kind: 'flatMap', name, project: project as FlatMapNode['project'] }, options)
}

export function flatMapStep(node: FlatMapNode, next: Push, runtime: StepRuntime): Push {
  // Spread inside the guard: a generator throws while it is read, and then none of its values goes on.
  const project = guarded(node, (value: never, context) => [...node.project(value, context)], runtime)
  return (value, context) => {
    const results = project(value, context)
    if (results === REFUSED) return
    for (const result of results) next(result, context)
  }
}
