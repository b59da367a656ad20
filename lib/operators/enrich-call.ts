import type { Context } from '../record.ts'
import type { Enrichment, EnrichNode } from '../topology/nodes.ts'
import { attempt, type Waiting } from './attempt.ts'
import { lanesByKey } from './lanes.ts'
import type { Push, StepRuntime } from './step.ts'

type Call = Extract<Enrichment, { how: 'call' }>

/** One call per record; lanes run side by side, the calls within a lane one after another. */
export function callEnrichment(node: EnrichNode, { call }: Call, next: Push, runtime: StepRuntime) {
  const ask = call as (value: unknown, context: Context, signal: AbortSignal) => Promise<unknown>
  return async (batch: readonly Waiting[], signal: AbortSignal): Promise<void> => {
    const answers: Array<{ value: unknown } | { error: unknown }> = new Array(batch.length)
    const lanes = lanesOf(node, batch)
    let taken = 0
    const worker = async () => {
      while (taken < lanes.length) {
        for (const index of lanes[taken++]!) {
          const { value, context } = batch[index]!
          answers[index] = await attempt(node, (limit) => ask(value, context, limit), signal, runtime).then(
            (answer) => ({ value: answer }),
            (error: unknown) => ({ error }),
          )
          signal.throwIfAborted()
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(node.concurrency, lanes.length) }, worker))
    for (const [index, answer] of answers.entries()) {
      const { context } = batch[index]!
      if ('error' in answer) runtime.refuse(node, answer.error, context)
      else next(answer.value, context)
    }
  }
}

/** Indexes of the records that must wait for each other. */
function lanesOf(node: EnrichNode, batch: readonly Waiting[]): number[][] {
  if (node.order === 'none') return batch.map((_, index) => [index])
  if (node.order === 'partition') return [batch.map((_, index) => index)]
  return lanesByKey(batch)
}
