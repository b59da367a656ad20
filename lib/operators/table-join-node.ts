import type { TableJoinNode } from '../topology/join-nodes.ts'
import { requireRows } from '../topology/old-rows.ts'
import { type Entered, Table } from '../topology/stream.ts'
import { type MaterializeOptions, resultStore } from './materialize.ts'

/** What every join of tables is, whichever rows it wants. */
export function joinedTables<K, V, VO, R>(
  type: TableJoinNode['type'],
  name: string,
  right: Table<K, VO>,
  join: unknown,
  options: MaterializeOptions<R>,
): (table: Table<K, V>) => Table<K, R, Entered<K, V | VO>> {
  return (left) => {
    for (const side of [left, right]) requireRows(name, side)
    const store = resultStore(name, left, options)
    const said = { kind: 'tableJoin', name, type, join: join as TableJoinNode['join'], store } as const
    return new Table(left.add(said, options, [right.node]), left.graph)
  }
}
