import type { Context } from '../record.ts'
import type { MapNode } from '../topology/nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import type { Push, StepRuntime } from './step.ts'

/** One value in, one value out; key, timestamp and headers stay. (KStream#mapValues) */
export function map<K, V, R>(
  name: string,
  project: (value: V, context: Context<NoInfer<K>>) => R,
  options: RetryOptions = {},
): Operator<K, V, K, R> {
  return (stream) => stream.append({ kind: 'map', name, project: project as MapNode['project'] }, options)
}

/** The guard is written out here and in validate: a call less for each record, on steps that nearly all of them pass. */
export function mapStep(node: MapNode, next: Push, runtime: StepRuntime): Push {
  const { project } = node
  return (value, context) => {
    let result: unknown
    try {
      result = project(value as never, context)
    } catch (error) {
      runtime.refuse(node, error, context)
      return
    }
    next(result, context)
  }
}
