import { MillraceError } from '../errors.ts'
import type { Row } from '../state/row.ts'
import type { TaskState } from '../state/task-state.ts'
import type { Node } from '../topology/nodes.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import { joinedView } from './joined-view.ts'
import { projectedView } from './projected-view.ts'
import { formerProjection } from './row-projection.ts'
import { suppressedView } from './suppressed-view.ts'
import { filtered } from './table-filter.ts'
import { windowedView } from './windowed-view.ts'

/** A table as another step asks for its rows: from its store, or computed from that of its parents. (KTableValueGetter) */
export interface View<K = unknown, V = unknown> {
  get(key: K): Row<V> | undefined
  /** Versioned tables have it: the row as it was at that time. */
  asOf?(key: K, timestamp: number): Row<V> | undefined
}

/** @throws MillraceError `CONFIG` for a table without a store behind it. */
export function viewOf(node: Node, state: TaskState): View {
  const view = storedView(node, state) ?? computedView(node, state)
  if (view !== undefined) return view
  const message = `the rows of step "${node.name}" are asked for, but not kept: drop its { materialize: false }`
  throw new MillraceError('CONFIG', message, { step: node.name })
}

function storedView(node: Node, state: TaskState): View | undefined {
  switch (node.kind) {
    case 'aggregate':
      if (node.store.kind === 'key-value') return state.store(node.store as KeyValueSpec)
      return windowedView(node.store, state)
    case 'table':
    case 'toTable':
    case 'tableFilter':
    case 'tableMap':
    case 'tableJoin':
    case 'groupAggregate':
    case 'foreignKeyResolve':
      return node.store && state.store(node.store)
    default:
      return undefined
  }
}

function computedView(node: Node, state: TaskState): View | undefined {
  const parent = (entrance = 0) => viewOf((node as { parents: readonly Node[] }).parents[entrance]!, state)
  switch (node.kind) {
    case 'tableFilter':
      return projectedView(parent(), formerProjection(node, filtered(node)))
    case 'tableMap':
      return projectedView(parent(), formerProjection(node, node.project))
    case 'tableJoin':
      return joinedView(node, parent(0), parent(1))
    case 'suppress':
      return suppressedView(node, parent(), state)
    default:
      return undefined
  }
}
