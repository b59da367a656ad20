import type { Response } from '../contract/foreign-key-serdes.ts'
import type { Row } from '../state/row.ts'
import type { ForeignKeyResolveNode } from '../topology/join-nodes.ts'
import { rowHash } from './foreign-key-subscribe.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'
import { tableStep } from './table.ts'
import { viewOf } from './view.ts'

/** Nothing is to be told. */
const NOTHING = Symbol('nothing')

/**
 * Joins an answer with the left row that asked, if that is still there as it was. Only answers enter: the left table is
 * there to be asked. (ResponseJoinProcessorSupplier, and KTableSource for the result)
 *
 * Where Kafka Streams' inner join loses a deletion, this one does not: see DECISIONS.
 */
export function foreignKeyResolveStep(node: ForeignKeyResolveNode, next: Push, runtime: StepRuntime): Push {
  const left = viewOf(node.parents[1]!, runtime.state)
  const update = tableStep(node, next, runtime)
  const matched = matchedKeys(node, runtime)
  const refersToNothing = nothingReferred(node)
  const join = guarded(
    node,
    ({ hash, row: right, quiet }: Response, context) => {
      const { key } = context
      const row = left.get(key)
      if (!same(hash, rowHash(row))) {
        runtime.count(node.name, 'stale')
        // No other answer may come for it.
        return refersToNothing(row, context) && matched.has(key) ? null : NOTHING
      }
      if (quiet && !matched.has(key)) return NOTHING
      if (right === null && (node.type === 'inner' || row === undefined)) return null
      return node.join((row?.value ?? null) as never, right as never, key) ?? null
    },
    runtime,
  )
  return (value, context) => {
    const result = join(value, context)
    if (result === REFUSED || result === NOTHING) return
    matched.note(context.key, result !== null)
    update(result, context)
  }
}

/** The left keys under which something is joined, as far as this step has told it. Of no use to a left join. */
function matchedKeys({ store, matched }: ForeignKeyResolveNode, { state }: StepRuntime) {
  const rows = store && state.store(store)
  const keys = matched && state.store(matched)
  return {
    has: (key: unknown): boolean => (rows ?? keys)?.get(key) !== undefined,
    note: (key: unknown, is: boolean): void => keys?.put(key, is ? true : null),
  }
}

function nothingReferred(node: ForeignKeyResolveNode) {
  // What is thrown here has been refused where the row came in.
  const find = guarded(node, (row: unknown, { key }) => node.foreignKey(row as never, key) ?? REFUSED, {
    refuse: () => {},
  })
  return (row: Row<unknown> | undefined, context: Parameters<typeof find>[1]): boolean =>
    node.type === 'inner' && (row === undefined || find(row.value, context) === REFUSED)
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
