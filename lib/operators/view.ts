import { MillraceError } from '../errors.ts'
import type { Row } from '../state/row.ts'
import type { TaskState } from '../state/task-state.ts'
import type { Node } from '../topology/nodes.ts'
import type { KeyValueSpec } from '../topology/store.ts'
import { suppressedView } from './suppressed-view.ts'

/** A table as another step asks for its rows: from its store, or computed from that of its parents. (KTableValueGetter) */
export interface View<K = unknown, V = unknown> {
  get(key: K): Row<V> | undefined
  /** Versioned tables have it: the row as it was at that time. */
  asOf?(key: K, timestamp: number): Row<V> | undefined
}

/** @throws MillraceError `CONFIG` for a table without a store behind it. */
export function viewOf(node: Node, state: TaskState): View {
  switch (node.kind) {
    case 'table':
    case 'toTable':
    case 'aggregate':
    case 'groupAggregate':
    case 'foreignKeyResolve':
      if (node.store?.kind === 'key-value') return state.store(node.store as KeyValueSpec)
      if (node.store?.kind === 'versioned') return state.store(node.store)
      break
    case 'suppress':
      return suppressedView(node, viewOf(node.parents[0]!, state), state)
  }
  const message = `the rows of step "${node.name}" are asked for, but not kept: drop its { materialize: false }`
  throw new MillraceError('CONFIG', message, { step: node.name })
}
