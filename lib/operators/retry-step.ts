import { setImmediate as turn } from 'node:timers/promises'
import { retrying } from '../backoff.ts'
import { MillraceError } from '../errors.ts'
import type { Context } from '../record.ts'
import type { RetryPolicy, StepNode } from '../topology/nodes.ts'
import type { Waiting } from './attempt.ts'
import { lanesByKey } from './lanes.ts'
import type { AsyncStep, Push, StepRuntime } from './step.ts'

/** What a step is folded into, by what follows it and what it asks of its task. */
export interface Surroundings {
  readonly next: Push
  readonly routes: () => readonly Push[]
  readonly runtime: StepRuntime
}

/** What one attempt would hand on, or why it failed. */
type Outcome = { readonly outputs: readonly (() => void)[] } | { readonly error: unknown }

interface Held extends Waiting {
  /** Of the attempt that was made when it came. */
  readonly failure?: { readonly error: unknown }
}

const LONGEST_TURN_MS = 50

/**
 * A step whose callback is synchronous, tried again as its policy says. Nothing waits in the callback's turn: from the
 * first record that fails, the records of the micro-batch are held back until it is flushed. There those of one key
 * follow one another, those of several keys wait at the same time, and results leave in the order of the input.
 */
export function retryStep(
  node: StepNode,
  policy: RetryPolicy,
  make: (surroundings: Surroundings) => Push,
  surroundings: Surroundings,
): AsyncStep {
  const { runtime } = surroundings
  const attempt = attemptsAt(make, surroundings)
  const settle = (outcome: Outcome, context: Context) => {
    if ('error' in outcome) runtime.refuse(node, outcome.error, context)
    else for (const handOn of outcome.outputs) handOn()
  }
  let held: Held[] = []
  return {
    push(value, context) {
      if (held.length > 0) {
        held.push({ value, context })
        return
      }
      const outcome = attempt(value, context)
      if ('error' in outcome && mayPass(outcome.error)) held.push({ value, context, failure: outcome })
      else settle(outcome, context)
    },
    async flush(signal) {
      const batch = held
      held = []
      const outcomes: Outcome[] = new Array(batch.length)
      let begun = performance.now()
      const again = async (index: number) => {
        const { value, context, failure } = batch[index]!
        let known: Outcome | undefined = failure
        outcomes[index] = await tryAgain(
          () => {
            const outcome = known ?? attempt(value, context)
            known = undefined
            return outcome
          },
          policy,
          () => runtime.count(node.name, 'retried'),
          signal,
        )
        if (performance.now() - begun < LONGEST_TURN_MS) return
        await turn()
        signal.throwIfAborted()
        begun = performance.now()
      }
      const inTurn = async (lane: readonly number[]) => {
        for (const index of lane) await again(index)
      }
      await Promise.all(lanesByKey(batch).map(inTurn))
      for (const [index, outcome] of outcomes.entries()) settle(outcome, batch[index]!.context)
    },
  }
}

/** The step, with all that it would do to others kept until it is known to have succeeded. */
function attemptsAt(make: (surroundings: Surroundings) => Push, { next, routes, runtime }: Surroundings) {
  let outputs: (() => void)[] = []
  let failure: { readonly error: unknown } | undefined
  const kept =
    (push: Push): Push =>
    (value, context) =>
      void outputs.push(() => push(value, context))
  const step = make({
    next: kept(next),
    routes: () => routes().map(kept),
    runtime: {
      ...runtime,
      refuse: (_, error) => {
        failure = { error }
      },
    },
  })
  return (value: unknown, context: Context): Outcome => {
    outputs = []
    failure = undefined
    step(value, context)
    return failure ?? { outputs }
  }
}

async function tryAgain(
  attempt: () => Outcome,
  { retry, backoff, maxBackoff }: RetryPolicy,
  onRetry: () => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const call = async () => {
    const outcome = attempt()
    if ('error' in outcome) throw outcome.error
    return outcome
  }
  const how = { base: backoff, cap: maxBackoff, attempts: retry + 1, when: mayPass, onRetry, signal }
  return retrying(call, how).catch((error: unknown) => {
    signal.throwIfAborted()
    return { error }
  })
}

/** What a step says of the record itself stays so. */
function mayPass(error: unknown): boolean {
  return !(error instanceof MillraceError && (error.code === 'REJECTED' || error.code === 'POISON'))
}
