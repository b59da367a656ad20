import type { Context } from '../record.ts'
import type { Enrichment, EnrichNode } from '../topology/nodes.ts'
import { attempt, type Waiting } from './attempt.ts'
import { lanesByKey } from './lanes.ts'
import type { Push, StepRuntime } from './step.ts'

type Call = Extract<Enrichment, { how: 'call' }>

type Answer = { readonly value: unknown } | { readonly error: unknown }

/**
 * One call per record; lanes run side by side, the calls within a lane one after another. Results leave in input order
 * or, where none is asked for, as they come.
 */
export function callEnrichment(node: EnrichNode, { call }: Call, next: Push, runtime: StepRuntime) {
  const ask = call as (value: unknown, context: Context, signal: AbortSignal) => Promise<unknown>
  return async (batch: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    const answers: Answer[] = new Array(batch.length)
    const leave = (index: number, answer: Answer) => {
      const { context } = batch[index]!
      if ('error' in answer) runtime.refuse(node, answer.error, context)
      else next(answer.value, context)
    }
    const lanes = lanesOf(node, batch)
    let taken = 0
    const worker = async () => {
      while (taken < lanes.length) {
        for (const index of lanes[taken++]!) {
          const { value, context } = batch[index]!
          const answer: Answer = await attempt(
            node,
            (limit) => ask(value, context, limit),
            signal,
            runtime,
          ).then(
            (given) => ({ value: given }),
            (error: unknown) => ({ error }),
          )
          signal.throwIfAborted()
          if (node.order === 'none') leave(index, answer)
          else answers[index] = answer
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(node.concurrency, lanes.length) }, worker))
    if (node.order !== 'none') for (const [index, answer] of answers.entries()) leave(index, answer)
  }
}

/** Indexes of the records that must wait for each other. */
function lanesOf(node: EnrichNode, batch: readonly Waiting[]): number[][] {
  if (node.order === 'none') return batch.map((_, index) => [index])
  if (node.order === 'partition') return [batch.map((_, index) => index)]
  return lanesByKey(batch)
}
