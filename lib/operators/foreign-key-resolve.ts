import type { Response } from '../contract/foreign-key-serdes.ts'
import type { ForeignKeyResolveNode } from '../topology/join-nodes.ts'
import { rowHash } from './foreign-key-subscribe.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'
import { tableStep } from './table.ts'
import { viewOf } from './view.ts'

const STALE = Symbol('stale')

/**
 * Joins an answer with the left row that asked, if that is still there as it was. Only answers enter: the left table is
 * there to be asked. (ResponseJoinProcessorSupplier, and KTableSource for the result)
 */
export function foreignKeyResolveStep(node: ForeignKeyResolveNode, next: Push, runtime: StepRuntime): Push {
  const left = viewOf(node.parents[1]!, runtime.state)
  const update = tableStep(node, next, runtime)
  const join = guarded(
    node,
    ({ hash, row: right }: Response, { key }) => {
      const row = left.get(key)
      if (!same(hash, rowHash(row))) return STALE
      if (right === null && (node.type === 'inner' || row === undefined)) return null
      return node.join((row?.value ?? null) as never, right as never, key) ?? null
    },
    runtime,
  )
  return (value, context) => {
    const result = join(value, context)
    if (result === STALE) runtime.count(node.name, 'stale')
    else if (result !== REFUSED) update(result, context)
  }
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
