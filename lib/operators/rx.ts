import { from, lastValueFrom, type OperatorFunction, timeout, toArray } from 'rxjs'
import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import { type Context, isTimestamp } from '../record.ts'
import type { RxNode, RxRecord } from '../topology/nodes.ts'
import type { Operator, StepOptions } from '../topology/stream.ts'
import type { AsyncStep, Push, StepRuntime } from './step.ts'

export interface RxOptions extends StepOptions {
  /** How long the operators may take for one micro-batch. Default 30s. */
  readonly timeout?: Duration
}

/**
 * Any RxJS operators over the records of one micro-batch: the source completes with it, so nothing crosses a
 * checkpoint unseen. What comes out are records; spread one to keep its key, timestamp and origin.
 * If the operators fail or never complete, all records of the micro-batch are refused at this step.
 *
 * ```ts
 * rx('latest-per-key', pipe(groupBy(({ key }) => key), mergeMap((group) => group.pipe(last()))))
 * ```
 */
export function rx<K, V, K2, R>(
  name: string,
  operate: OperatorFunction<RxRecord<K, V>, RxRecord<K2, R>>,
  options: RxOptions = {},
): Operator<K, V, K2, R> {
  const said = { kind: 'rx', name, operate: operate as RxNode['operate'] } as const
  return (stream) => stream.append({ ...said, timeout: duration(options.timeout ?? '30s') }, options)
}

export function rxStep(node: RxNode, next: Push, runtime: StepRuntime): AsyncStep {
  let waiting: RxRecord[] = []
  return {
    push: (value, context) => {
      waiting.push({ ...context, value })
    },
    async flush(signal) {
      const batch = waiting
      waiting = []
      if (batch.length === 0) return
      const results = await run(node, batch).catch((error: unknown) => {
        signal.throwIfAborted()
        for (const record of batch) runtime.refuse(node, error, record)
        return []
      })
      signal.throwIfAborted()
      for (const { value, ...context } of results) {
        if (isTimestamp(context.timestamp)) next(value, context satisfies Context)
        else runtime.refuse(node, notATime(node), context)
      }
    },
  }
}

function notATime({ name }: RxNode): MillraceError {
  const message = 'its operators gave a record a timestamp that is negative or no whole number'
  return new MillraceError('REJECTED', message, { step: name })
}

function run(node: RxNode, batch: readonly RxRecord[]): Promise<RxRecord[]> {
  const operated = node.operate(from(batch) as never)
  return lastValueFrom(operated.pipe(toArray(), timeout({ first: node.timeout })))
}
