import { aggregateStep } from '../operators/aggregate.ts'
import { batchStep } from '../operators/batch.ts'
import { branchStep } from '../operators/branch.ts'
import { dedupeStep } from '../operators/dedupe.ts'
import { enrichStep } from '../operators/enrich.ts'
import { filterStep } from '../operators/filter.ts'
import { flatMapStep } from '../operators/flat-map.ts'
import { foreignKeyResolveStep } from '../operators/foreign-key-resolve.ts'
import { foreignKeyRespondStep } from '../operators/foreign-key-respond.ts'
import { foreignKeySubscribeStep } from '../operators/foreign-key-subscribe.ts'
import { groupAggregateStep } from '../operators/group-aggregate.ts'
import { groupByStep } from '../operators/group-by.ts'
import { keyByStep } from '../operators/key-by.ts'
import { mapStep } from '../operators/map.ts'
import { peekStep } from '../operators/peek.ts'
import { processStep } from '../operators/process-step.ts'
import { repartitionStep } from '../operators/repartition.ts'
import { retryStep } from '../operators/retry-step.ts'
import { rxStep } from '../operators/rx.ts'
import { selfJoinStep } from '../operators/self-join.ts'
import { sessionAggregateStep } from '../operators/session-aggregate.ts'
import { sinkStep, type TopicSerdes } from '../operators/sink.ts'
import { slidingAggregateStep } from '../operators/sliding-aggregate.ts'
import type { AsyncStep, Push, StepRuntime } from '../operators/step.ts'
import { streamGlobalJoinStep } from '../operators/stream-global-join.ts'
import { streamJoinStep } from '../operators/stream-join.ts'
import { streamTableJoinStep } from '../operators/stream-table-join.ts'
import { suppressStep } from '../operators/suppress.ts'
import { tableStep } from '../operators/table.ts'
import { tableFilterStep } from '../operators/table-filter.ts'
import { tableJoinStep } from '../operators/table-join-step.ts'
import { tableMapStep } from '../operators/table-map.ts'
import { timeWindowAggregateStep } from '../operators/time-window-aggregate.ts'
import { toStreamStep } from '../operators/to-stream.ts'
import { validateStep } from '../operators/validate.ts'
import type { Lookup } from '../ports.ts'
import { holdsBack, retryOf } from '../topology/error-policy.ts'
import type { AggregateNode, TimeRange } from '../topology/keyed-nodes.ts'
import type { StepNode } from '../topology/nodes.ts'
import { repartitionTopic } from '../topology/repartition-nodes.ts'
import type { Windowed } from '../windows/windowed.ts'

/** Where a node is folded into: what follows it, and what it asks of the outside. */
export interface Site {
  readonly next: Push
  /** What follows a branch, in the order of its predicates. */
  readonly routes: () => readonly Push[]
  /** Whether a step behind it looks at the rows that were there before. */
  readonly oldRowsWanted: boolean
  readonly runtime: StepRuntime
  readonly serdes: TopicSerdes | undefined
  readonly lookup: Lookup | undefined
  readonly application: string
}

/** One entrance for all parents, one for each, or a step that waits. */
export type Folded = Push | readonly Push[] | AsyncStep

/** The one place where what is said meets how it is done. */
export function fold(node: StepNode, site: Site): Folded {
  const policy = retryOf(node)
  if (policy === undefined || !holdsBack(node)) return foldOnce(node, site)
  return retryStep(node, policy, (kept) => foldOnce(node, { ...site, ...kept }) as Push, site)
}

function foldOnce(node: StepNode, site: Site): Folded {
  const { runtime, serdes, lookup, application } = site
  const next = 'shown' in node && node.shown !== undefined ? onlyWithin(node.shown, site.next) : site.next
  switch (node.kind) {
    case 'map':
      return mapStep(node, next, runtime)
    case 'flatMap':
      return flatMapStep(node, next, runtime)
    case 'filter':
      return filterStep(node, next, runtime)
    case 'peek':
      return peekStep(node, next, runtime)
    case 'validate':
      return validateStep(node, next, runtime)
    case 'branch':
      return branchStep(node, site.routes(), runtime)
    case 'route':
    case 'merge':
    case 'window':
    case 'drops':
      return next
    case 'rx':
      return rxStep(node, next, runtime)
    case 'enrich':
      return enrichStep(node, next, runtime, lookup)
    case 'keyBy':
      return keyByStep(node, next, runtime)
    case 'repartition':
      return repartitionStep(node, repartitionTopic(application, node), serdes!, runtime)
    case 'dedupe':
      return dedupeStep(node, next, runtime)
    case 'batch':
      return batchStep(node, next, runtime)
    case 'process':
      return processStep(node, next, runtime)
    case 'aggregate':
      return foldAggregate(node, next, runtime)
    case 'toStream':
      return toStreamStep(node, next, runtime)
    case 'toTable':
      return tableStep(node, next, runtime)
    case 'tableFilter':
      return tableFilterStep(node, next, runtime, site.oldRowsWanted)
    case 'tableMap':
      return tableMapStep(node, next, runtime, site.oldRowsWanted)
    case 'tableJoin':
      return tableJoinStep(node, next, runtime, site.oldRowsWanted)
    case 'groupBy':
      return groupByStep(node, next, runtime)
    case 'groupAggregate':
      return groupAggregateStep(node, next, runtime)
    case 'suppress':
      return suppressStep(node, next, runtime)
    case 'streamJoin':
      return node.singleStore ? selfJoinStep(node, next, runtime) : streamJoinStep(node, next, runtime)
    case 'streamTableJoin':
      return streamTableJoinStep(node, next, runtime)
    case 'streamGlobalJoin':
      return streamGlobalJoinStep(node, next, runtime)
    case 'foreignKeySubscribe':
      return foreignKeySubscribeStep(node, next, runtime)
    case 'foreignKeyRespond':
      return foreignKeyRespondStep(node, next, runtime)
    case 'foreignKeyResolve':
      return foreignKeyResolveStep(node, next, runtime)
    case 'sink':
      return sinkStep(node, runtime, serdes)
  }
}

/** Windows that reach into the range, and other results of its times. */
function onlyWithin({ from, to }: TimeRange, next: Push): Push {
  return (value, context) => {
    const { start = context.timestamp, end = context.timestamp + 1 } = (context.key ?? {}) as Partial<
      Windowed<unknown>
    >
    if (start < to && end > from) next(value, context)
  }
}

function foldAggregate(node: AggregateNode, next: Push, runtime: StepRuntime): Folded {
  const windows = node.window?.windows
  if (windows === undefined) return aggregateStep(node, next, runtime)
  switch (windows.kind) {
    case 'time':
      return timeWindowAggregateStep(node, windows, next, runtime)
    case 'sliding':
      return slidingAggregateStep(node, windows, next, runtime)
    case 'session':
      return sessionAggregateStep(node, windows, next, runtime)
  }
}
