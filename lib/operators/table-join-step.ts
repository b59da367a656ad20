import { rekeyed } from '../record.ts'
import type { TableJoinNode } from '../topology/join-nodes.ts'
import type { Change } from '../topology/table-nodes.ts'
import { joinedRow, type Sides } from './joined-view.ts'
import { keeping } from './materialize.ts'
import { formerProjection, projection } from './row-projection.ts'
import type { Push, StepRuntime } from './step.ts'
import { viewOf } from './view.ts'

/** (KTableKTableInnerJoin, -LeftJoin, -RightJoin, -OuterJoin; KTableKTableJoinMerger) */
export function tableJoinStep(
  node: TableJoinNode,
  next: Push,
  runtime: StepRuntime,
  oldRowsWanted: boolean,
): Push[] {
  const hand = keeping(node, next, runtime)
  const join = projection(node, joinedRow(node), runtime)
  const joined = formerProjection(node, joinedRow(node))
  return node.parents.map((_, entrance) => {
    const others = viewOf(node.parents[1 - entrance]!, runtime.state)
    const joinsAlone = node.type === 'outer' || (node.type === 'left' && entrance === 0)
    return (value, context) => {
      const { old, new: now, latest } = value as Change
      const { key, timestamp } = context
      if (!latest) return runtime.drop(node, 'out-of-order', now, context)
      const other = others.get(key)
      // Nothing is shown then, and nothing was.
      if (other === undefined && (!joinsAlone || (now === null && old === null))) return
      const sides = (own: unknown): Sides => {
        const right = other?.value ?? null
        return entrance === 0 ? { left: own, right } : { left: right, right: own }
      }
      const change = {
        old: oldRowsWanted ? joined(sides(old), context) : null,
        new: join(sides(now), context),
        latest,
      }
      hand(change, rekeyed(context, key, Math.max(timestamp, other?.timestamp ?? timestamp)))
    }
  })
}
