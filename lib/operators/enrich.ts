import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { Lookup, LookupTarget } from '../ports.ts'
import type { Context } from '../record.ts'
import type { Enrichment, EnrichNode } from '../topology/nodes.ts'
import type { Operator, RetryOptions } from '../topology/stream.ts'
import type { Waiting } from './attempt.ts'
import { callEnrichment } from './enrich-call.ts'
import { lookupEnrichment } from './enrich-lookup.ts'
import type { AsyncStep, Push, StepRuntime } from './step.ts'

export interface EnrichOptions extends RetryOptions {
  /** Calls in flight at once, per task. Default 32. */
  readonly concurrency?: number
  /**
   * Which calls wait for each other: those of one key (default), all of the partition, or none. Results leave in input
   * order; with `none` as they come, so that two of one key may change places. A batched look-up keeps input order.
   */
  readonly order?: 'key' | 'partition' | 'none'
  /** One attempt. Default 2s. */
  readonly timeout?: Duration
  /** Further attempts when a call fails. Default 3, or what `onError` says of it. A server that can't be reached, or a look-up's that does not answer, is waited for. */
  readonly retry?: number
}

/** Phantom types say what goes in and what comes out. */
export interface LookupEnrichment<V, R> {
  readonly enrichment: Extract<Enrichment, { how: 'lookup' }>
  readonly types?: (value: V) => R
}

export interface LookupOptions<V, Row, R> {
  /** The key to look up; null or undefined looks nothing up. */
  readonly by: (value: V, context: Context) => string | null | undefined
  /** `row` is undefined where there is none; that is counted as `unmatched`. */
  readonly merge: (value: V, row: Row | undefined, context: Context) => R
  /** How long a row, or its absence, is believed. Default 1m. */
  readonly cacheFor?: Duration
  /** Keys remembered per task. Default 10,000. */
  readonly cacheSize?: number
}

/**
 * Says a keyed read of reference data: one batched request per micro-batch for what the cache does not hold. `from` is a
 * target of a connector, or a function that loads rows by their keys; a key without a row is left out of its answer.
 *
 * ```ts
 * enrich('scored', lookup((ids, signal) => scoresOf(ids, signal), { by: ({ id }) => id, merge: (user, score) => ({ ...user, score }) }))
 * ```
 */
export function lookup<V, Row, R>(
  from: LookupTarget<Row> | Lookup<Row>['load'],
  options: LookupOptions<V, Row, R>,
): LookupEnrichment<V, R> {
  const load = typeof from === 'function' ? from : undefined
  return Object.freeze({
    enrichment: Object.freeze({
      how: 'lookup',
      target: (typeof from === 'function'
        ? { connector: 'function', name: from.name }
        : from) as LookupTarget,
      load: load as Lookup['load'] | undefined,
      by: options.by as never,
      merge: options.merge as never,
      cacheFor: duration(options.cacheFor ?? '1m'),
      cacheSize: options.cacheSize ?? 10_000,
    }),
  })
}

/**
 * Waits for something outside: a call per record, or a batched look-up. At-least-once: after a crash the calls of
 * the unfinished micro-batch are made again.
 */
export function enrich<K, V, R>(
  name: string,
  how: LookupEnrichment<V, R> | ((value: V, context: Context<NoInfer<K>>, signal: AbortSignal) => Promise<R>),
  options: EnrichOptions = {},
): Operator<K, V, K, R> {
  const enrichment: Enrichment =
    typeof how === 'function' ? { how: 'call', call: how as never } : how.enrichment
  return (stream) =>
    stream.append(
      {
        kind: 'enrich',
        name,
        enrichment,
        concurrency: Math.max(1, options.concurrency ?? 32),
        order: options.order ?? 'key',
        timeout: duration(options.timeout ?? '2s'),
        retry: retriesOf(name, options),
      },
      options,
    )
}

function retriesOf(step: string, { retry, onError }: EnrichOptions): number {
  if (typeof onError !== 'object') return retry ?? 3
  if (retry === undefined) return onError.retry
  throw new MillraceError('CONFIG', `step "${step}" says twice how often it retries: leave out { retry }`, {
    step,
  })
}

export function enrichStep(
  node: EnrichNode,
  next: Push,
  runtime: StepRuntime,
  port: Lookup | undefined,
): AsyncStep {
  const { enrichment } = node
  const resolve =
    enrichment.how === 'call'
      ? callEnrichment(node, enrichment, next, runtime)
      : lookupEnrichment(node, enrichment, port!, next, runtime)
  let waiting: Waiting[] = []
  return {
    push: (value, context) => {
      waiting.push({ value, context })
    },
    async flush(signal) {
      const batch = waiting
      waiting = []
      if (batch.length > 0) await resolve(batch, signal)
    },
  }
}
