import { type Entered, type Place, Stream } from '../topology/stream.ts'
import type { DropReason } from './step.ts'

/** A record that a step has left out by its rules. Its key, timestamp and headers are those it came with. */
export interface Dropped<V> {
  /** The step's name. */
  readonly step: string
  /**
   * `null-key`, `null-value`: of no use to the step; `late`: its window has closed; `expired`: older than what is kept;
   * `duplicate`: as `dedupe` says; `out-of-order`: older than the row that is there.
   */
  readonly reason: DropReason
  readonly value: V
  /** The window that it was late for: one record may be late for several. Milliseconds, `end` as the window has it. */
  readonly window?: { readonly start: number; readonly end: number } | undefined
  /**
   * How far the step's stream time was ahead of the record's timestamp, where that is the reason (`late`, and `expired`
   * in joins of streams). Milliseconds.
   */
  readonly lateBy?: number | undefined
}

/**
 * What the step before it has left out, as a stream beside its results: late records, those without a key, duplicates.
 * They are counted under the same reasons. Where an implied repartition topic leaves out those without a key, put
 * `repartition` there, and ask it. (`dropped-records-total`, which only counts)
 *
 * ```ts
 * const counts = users.pipe(window('per-minute', tumbling('1m')), count('users-per-country'))
 * counts.pipe(drops('late'), sink('late-users', kafka('users.late', { value: json() })))
 * ```
 */
export function drops<In>(name: string): (step: Place<In>) => DropsOf<In> {
  return (step) => new Stream(step.add({ kind: 'drops', name }), step.graph) as DropsOf<In>
}

/** Unknown where a step does not say what went in. */
export type DropsOf<In> =
  In extends Entered<infer K, infer V> ? Stream<K, Dropped<V>> : Stream<unknown, Dropped<unknown>>
