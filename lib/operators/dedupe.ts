import { double } from '../contract/structured.ts'
import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { DedupeNode } from '../topology/keyed-nodes.ts'
import { keyed, keyFormatOf } from '../topology/repartition-nodes.ts'
import type { WindowSpec } from '../topology/store.ts'
import { type Entered, Stream } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import type { Push, StepRuntime } from './step.ts'

export interface DedupeOptions {
  /** A record is a duplicate when its key was seen at most this long before or after it, by their timestamps. */
  readonly within: Duration
  /** Whether a duplicate is remembered too, so that a steady flow of them stays one. Default false. */
  readonly extend?: boolean
  /**
   * How long behind the newest record remembered, of any key, others are remembered. Default: twice `within`, enough
   * for records that come late by up to `within`.
   */
  readonly retention?: Duration
}

/**
 * Drops a record whose key has come before, at a time no more than `within` from its own; two records without a key
 * have nothing in common, and pass. Later records count, too: what comes late is a duplicate of what came in time.
 * (Kafka's EventDeduplication example: a Transformer with a WindowStore)
 *
 * ```text
 * within 5   a@0   a@5   a@6   a@1        extend   a@0   a@5   a@10   a@16
 *            out   -     out   -                   out   -     -      out
 * ```
 */
export function dedupe<K, V>(
  name: string,
  options: DedupeOptions,
): (stream: Stream<K, V>) => Stream<K, V, Entered<K, V>> {
  const within = duration(options.within)
  // What is as old as the retention is forgotten, hence one more.
  const retention = duration(options.retention ?? 2 * within + 1)
  if (retention < within) {
    const message = `step "${name}" would forget records after ${retention} ms, before the ${within} ms are over within which others are duplicates`
    throw new MillraceError('CONFIG', message, { step: name })
  }
  return (stream) => {
    const parent = keyed(stream, name)
    const node: DedupeNode = Object.freeze({
      kind: 'dedupe',
      name,
      onError: 'dead-letter',
      within,
      extend: options.extend ?? false,
      store: Object.freeze({
        kind: 'window',
        name,
        timestamped: false,
        key: keyFormatOf(parent),
        value: double as Format<unknown>,
        retention,
        size: within,
      } satisfies WindowSpec),
      parents: Object.freeze([parent]),
    })
    return new Stream<K, V, Entered<K, V>>(stream.graph.add(node), stream.graph)
  }
}

export function dedupeStep(node: DedupeNode, next: Push, runtime: StepRuntime): Push {
  const { within, extend } = node
  const seen = runtime.state.store(node.store)
  return (value, context) => {
    const { key, timestamp } = context
    if (key === null) return next(value, context)
    const duplicate = !empty(seen.fetch(key, timestamp - within, timestamp + within))
    if (!duplicate || extend) seen.put(key, timestamp, timestamp)
    if (duplicate) runtime.drop(node, 'duplicate', value, context)
    else next(value, context)
  }
}

function empty(rows: Iterable<unknown>): boolean {
  for (const _ of rows) return false
  return true
}
