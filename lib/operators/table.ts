import type { Node } from '../topology/nodes.ts'
import type { VersionedSpec } from '../topology/store.ts'
import type { TableSourceNode } from '../topology/table-nodes.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** Each record becomes its key's row, by arrival: an older timestamp overwrites a newer one. (KTableSource) */
export function tableStep(
  node: Node & Pick<TableSourceNode, 'store'>,
  next: Push,
  runtime: StepRuntime,
): Push {
  if (node.store === undefined) return passing(node, next, runtime)
  if (node.store.kind === 'versioned') return versioned(node, node.store, next, runtime)
  const store = runtime.state.store(node.store)
  const put = guarded(node, (row, { key, timestamp }) => store.put(key, row, timestamp), runtime)
  return (value, context) => {
    const { key } = context
    if (key === null) return runtime.drop(node, 'null-key', value, context)
    const old = store.get(key)
    if (put(value, context) === REFUSED) return
    next({ old: old === undefined ? null : old.value, new: value, latest: true }, context)
  }
}

/** Without a store the old row is not known. */
function passing(node: Node, next: Push, runtime: StepRuntime): Push {
  return (value, context) => {
    if (context.key === null) runtime.drop(node, 'null-key', value, context)
    else next({ old: null, new: value, latest: true }, context)
  }
}

/** Rows by their time: of one that is not its key's newest, and that only steps which show every row may take, it is told. */
function versioned(node: Node, spec: VersionedSpec, next: Push, runtime: StepRuntime): Push {
  const store = runtime.state.store(spec)
  const put = guarded(node, (row, { key, timestamp }) => store.put(key, row, timestamp), runtime)
  return (value, context) => {
    const { key } = context
    if (key === null) return runtime.drop(node, 'null-key', value, context)
    const old = store.get(key)?.value ?? null
    const result = put(value, context)
    if (result === REFUSED) return
    if (result === 'expired') runtime.drop(node, 'expired', value, context)
    else next({ old, new: value, latest: result === 'latest' }, context)
  }
}
