import { hasRows } from '../topology/old-rows.ts'
import { Table } from '../topology/stream.ts'
import type { Change, TableMapNode } from '../topology/table-nodes.ts'
import { keeping, type MaterializeOptions, resultStore } from './materialize.ts'
import { formerProjection, projection } from './row-projection.ts'
import type { Push, StepRuntime } from './step.ts'

/**
 * Each row replaced by another; null is no row. Deletions stay deletions, without a call. Every update is handed on,
 * also one that changes nothing. (KTable#mapValues, KTableMapValues)
 *
 * A row on which `project` throws is a dead letter, and not in the result. Without `materialize` it is called again
 * when a step behind asks for a row, or for the one that was there before.
 */
export function tableMap<K, V, R>(
  name: string,
  project: (row: V, key: NoInfer<K>) => R | null,
  options: MaterializeOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R> {
  return (table) => {
    const store = resultStore(name, table, options)
    const said = { kind: 'tableMap', name, project: project as TableMapNode['project'], store } as const
    return new Table<K, R>(table.add(said, options), table.graph)
  }
}

export function tableMapStep(
  node: TableMapNode,
  next: Push,
  runtime: StepRuntime,
  oldRowsWanted: boolean,
): Push {
  const hand = keeping(node, next, runtime)
  const rows = node.store && runtime.state.store(node.store)
  const tellsOld = oldRowsWanted && hasRows(node)
  const project = projection(node, node.project, runtime)
  const projected = formerProjection(node, node.project)
  return (value, context) => {
    const change = value as Change
    const before = () => (rows ? (rows.get(context.key)?.value ?? null) : projected(change.old, context))
    const now = project(change.new, context)
    hand({ old: tellsOld ? before() : null, new: now, latest: change.latest }, context)
  }
}
