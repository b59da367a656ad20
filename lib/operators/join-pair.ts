import type { Context } from '../record.ts'
import type { StreamJoinNode } from '../topology/join-nodes.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/** Joins two values, one of which may be missing, and hands the result on. */
export type JoinPair = (left: unknown, right: unknown, context: Context) => void

/** `context` is the result's: the pair's key and time, with headers and origin of the record that caused it. */
export function joinPair(node: StreamJoinNode, next: Push, runtime: StepRuntime): JoinPair {
  const join = guarded(
    node,
    ({ left, right }: Pair, context) => node.join(left as never, right as never, context),
    runtime,
  )
  return (left, right, context) => {
    const joined = join({ left, right }, context)
    if (joined !== REFUSED) next(joined ?? null, context)
  }
}

interface Pair {
  readonly left: unknown
  readonly right: unknown
}
