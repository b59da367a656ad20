import { hasRows } from '../topology/old-rows.ts'
import { Table } from '../topology/stream.ts'
import type { Change, TableFilterNode } from '../topology/table-nodes.ts'
import { isVersioned } from '../topology/versioned.ts'
import { keeping, type MaterializeOptions, resultStore } from './materialize.ts'
import { formerProjection, projection } from './row-projection.ts'
import type { Push, StepRuntime } from './step.ts'

/**
 * The rows for which the predicate holds. A row for which it does not is deleted from the result: where the rows of the
 * table before are kept (`materialize`, the default of `table`), if it was there; else at every such update, whether it
 * was there or not. (KTable#filter, KTableFilter)
 *
 * ```text
 * tableFilter('adults', (user) => user.age >= 18)
 * table    a: 17   a: 18   b: 3   a: null   a: null
 * result           a: 18          a: null
 * not kept a: null a: 18   b: null a: null  a: null
 * ```
 *
 * A row on which the predicate throws is a dead letter, and not in the result.
 */
export function tableFilter<K, V, R extends V = V>(
  name: string,
  predicate: ((row: V, key: NoInfer<K>) => row is R) | ((row: V, key: NoInfer<K>) => boolean),
  options: MaterializeOptions<NoInfer<R>> = {},
): (table: Table<K, V>) => Table<K, R> {
  return (table) => {
    const store = resultStore(name, table, options)
    const said = {
      kind: 'tableFilter',
      name,
      predicate: predicate as TableFilterNode['predicate'],
      store,
    } as const
    return new Table<K, R>(table.add(said, options), table.graph)
  }
}

export function tableFilterStep(
  node: TableFilterNode,
  next: Push,
  runtime: StepRuntime,
  oldRowsWanted: boolean,
): Push {
  const [table] = node.parents
  const hand = keeping(node, next, runtime)
  const rows = node.store && runtime.state.store(node.store)
  const tellsOld = hasRows(table!) || (oldRowsWanted && rows !== undefined)
  // Of a row that is older than the newest one it is not known what it follows.
  const saves = tellsOld && !isVersioned(table!)
  const passing = projection(
    node,
    (row, key) => {
      if (node.predicate(row, key)) return row
      runtime.count(node.name, 'filtered')
      return null
    },
    runtime,
  )
  const passed = formerProjection(node, filtered(node))
  return (value, context) => {
    const change = value as Change
    const before = () => (rows ? (rows.get(context.key)?.value ?? null) : passed(change.old, context))
    const now = passing(change.new, context)
    const old = tellsOld ? before() : null
    if (saves && now === null && old === null) return
    hand({ old, new: now, latest: change.latest }, context)
  }
}

/** The row if it passes. */
export function filtered({ predicate }: TableFilterNode): (row: never, key: unknown) => unknown {
  return (row, key) => (predicate(row, key) ? row : null)
}
