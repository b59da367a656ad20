import type { StreamGlobalJoinNode } from '../topology/join-nodes.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

const NO_KEY = Symbol('no-key')
const NO_ROW = Symbol('no-row')

/** (KStreamGlobalKTableJoin) */
export function streamGlobalJoinStep(node: StreamGlobalJoinNode, next: Push, runtime: StepRuntime): Push {
  const rows = runtime.globals.get(node.global)!
  const join = guarded(
    node,
    (value: unknown, context) => {
      const key = node.by(value as never, context) ?? null
      if (key === null && node.type === 'inner') return NO_KEY
      const row = key === null ? undefined : rows.get(key)
      if (row === undefined && node.type === 'inner') return NO_ROW
      return node.join(value as never, (row?.value ?? null) as never, context)
    },
    runtime,
  )
  return (value, context) => {
    if (value === null) return runtime.drop(node, 'null-value', value, context)
    const result = join(value, context)
    if (result === NO_KEY) runtime.drop(node, 'null-key', value, context)
    else if (result !== REFUSED && result !== NO_ROW) next(result, context)
  }
}
