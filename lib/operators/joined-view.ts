import type { TableJoinNode } from '../topology/join-nodes.ts'
import { formerProjection } from './row-projection.ts'
import type { View } from './view.ts'

/** The rows of both sides; null where there is none. */
export interface Sides {
  readonly left: unknown
  readonly right: unknown
}

/** What two rows join to; null where a side is missing that must be there. */
export function joinedRow({ type, join }: TableJoinNode): (sides: Sides, key: unknown) => unknown {
  return ({ left, right }, key) => {
    const complete =
      type === 'inner'
        ? left !== null && right !== null
        : left !== null || (type === 'outer' && right !== null)
    return complete ? join(left as never, right as never, key) : null
  }
}

/** A joined table that keeps no rows of its own. (KTableKTableAbstractJoinValueGetterSupplier) */
export function joinedView(node: TableJoinNode, left: View, right: View): View {
  const join = formerProjection(node, joinedRow(node))
  return {
    get: (key) => {
      const [a, b] = [left.get(key), right.get(key)]
      const value = join({ left: a?.value ?? null, right: b?.value ?? null }, { key })
      return value === null
        ? undefined
        : { value, timestamp: Math.max(a?.timestamp ?? -1, b?.timestamp ?? -1) }
    },
  }
}
