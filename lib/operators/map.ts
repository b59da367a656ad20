import type { Context } from '../record.ts'
import type { MapNode } from '../topology/nodes.ts'
import type { Operator, StepOptions } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** One value in, one value out; key, timestamp and headers stay. (KStream#mapValues) */
export function map<K, V, R>(
  name: string,
  project: (value: V, context: Context<NoInfer<K>>) => R,
  options: StepOptions = {},
): Operator<K, V, K, R> {
  return (stream) => stream.append({ kind: 'map', name, project: project as MapNode['project'] }, options)
}

export function mapStep(node: MapNode, next: Push, runtime: StepRuntime): Push {
  const project = guarded(node, node.project, runtime)
  return (value, context) => {
    const result = project(value, context)
    if (result !== REFUSED) next(result, context)
  }
}
