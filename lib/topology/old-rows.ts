import { MillraceError } from '../errors.ts'
import { childrenOf, emitsChanges, type Node, parentsOf, type StepNode, type Topology } from './nodes.ts'
import type { Place } from './stream.ts'

/**
 * Whether the rows at this place are kept, or computed from some that are: then they can be asked for, and its changes
 * can tell the row that was there before. (KTableImpl#enableSendingOldValues, that materializes nothing for it)
 */
export function hasRows(node: Node): boolean {
  switch (node.kind) {
    case 'table':
    case 'foreignKeyResolve':
      return node.store !== undefined
    case 'tableFilter':
    case 'tableMap':
      return node.store !== undefined || node.parents.every(hasRows)
    case 'suppress':
    case 'tableJoin':
      return node.parents.every(hasRows)
    default:
      return emitsChanges(node)
  }
}

/** Whether a step behind this one looks at the row that was there before. (KTableImpl#sendingOldValueEnabled) */
export function oldRowsWanted(topology: Topology, node: Node): boolean {
  return childrenOf(topology, node).some((child) =>
    parentsOf(child).some((parent, entrance) => parent === node && wants(topology, child, entrance)),
  )
}

function wants(topology: Topology, step: StepNode, entrance: number): boolean {
  switch (step.kind) {
    case 'tableFilter':
    case 'groupBy':
    case 'foreignKeySubscribe':
      return true
    case 'foreignKeyRespond':
      return entrance === 1
    case 'tableJoin':
      // A row that joins alone: was there one?
      return (
        step.type === 'outer' || (step.type === 'left' && entrance === 0) || oldRowsWanted(topology, step)
      )
    case 'tableMap':
    case 'suppress':
      return oldRowsWanted(topology, step)
    default:
      return false
  }
}

/** @throws MillraceError `CONFIG` for a step that needs the rows of a table which has none. */
export function requireRows(step: string, { node }: Place): void {
  if (hasRows(node)) return
  const message = `step "${step}" needs the rows of "${node.name}", which are not kept: drop its table's { materialize: false }`
  throw new MillraceError('CONFIG', message, { step })
}
