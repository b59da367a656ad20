import type { TableSourceNode } from '../topology/table-nodes.ts'
import type { Push, StepRuntime } from './step.ts'

/** Each record becomes its key's row, by arrival: an older timestamp overwrites a newer one. (KTableSource) */
export function tableStep(
  node: Pick<TableSourceNode, 'name' | 'store'>,
  next: Push,
  runtime: StepRuntime,
): Push {
  if (node.store === undefined) return passing(node as TableSourceNode, next, runtime)
  if (node.store.kind === 'versioned') throw new Error('versioned tables: to come')
  const store = runtime.state.store(node.store)
  return (value, context) => {
    const { key, timestamp } = context
    if (key === null) return runtime.drop(node as TableSourceNode, 'null-key', value, context)
    const old = store.get(key)
    store.put(key, value, timestamp)
    next({ old: old === undefined ? null : old.value, new: value, latest: true }, context)
  }
}

/** Without a store the old row is not known. */
function passing(node: TableSourceNode, next: Push, runtime: StepRuntime): Push {
  return (value, context) => {
    if (context.key === null) runtime.drop(node, 'null-key', value, context)
    else next({ old: null, new: value, latest: true }, context)
  }
}
