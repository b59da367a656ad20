import type { Context } from '../record.ts'
import type { PeekNode } from '../topology/nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** Looks at each record on its way, and hands it on as it is. Seen again after a crash. (KStream#peek) */
export function peek<K, V>(
  name: string,
  look: (value: V, context: Context<NoInfer<K>>) => void,
  options: RetryOptions = {},
): Operator<K, V, K, V> {
  return (stream) => stream.append({ kind: 'peek', name, look: look as PeekNode['look'] }, options)
}

export function peekStep(node: PeekNode, next: Push, runtime: StepRuntime): Push {
  const look = guarded(node, node.look, runtime)
  return (value, context) => {
    if (look(value, context) !== REFUSED) next(value, context)
  }
}
