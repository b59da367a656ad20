import type { SinkRow } from '../ports.ts'
import type { Context, OutRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { TaskState } from '../state/task-state.ts'
import type { RepartitionNode } from '../topology/keyed-nodes.ts'
import type { Node, SinkNode } from '../topology/nodes.ts'

/** Hands one record to the next step. Synchronous: no promise per record. */
export type Push = (value: unknown, context: Context) => void

/** What a running step may ask of its task. */
export interface StepRuntime {
  /** Applies the step's error policy to the record that `context` came from. */
  refuse(node: Node, error: unknown, context: Context): void
  count(step: string, what: string, by?: number): void
  /** Tells that the step waits for a server that is away. */
  waiting(node: Node, error: unknown): void
  /** Adds to the micro-batch's output, written when the whole micro-batch has been processed. */
  emit(node: SinkNode | RepartitionNode, record: OutRecord, context: Context): void
  emitRow(node: SinkNode, row: SinkRow, context: Context): void
  /** A record (of a change: its new row) that a step leaves out by its rules: counted, and handed to its `drops`. */
  drop(node: Node, reason: DropReason, value: unknown, context: Context, late?: Late): void
  /** Tells how far the task is where it ends in a repartition topic. */
  ends(node: RepartitionNode, time: () => number): void
  /** The stores and times of the task. */
  readonly state: TaskState
  /** Global tables, by node: shared by all tasks, and never written by them. */
  readonly globals: ReadonlyMap<Node, KeyValueStore<unknown, unknown>>
  readonly timers: Timers
  /** Of the application, once versions of it have followed one another. */
  readonly generation?: number | undefined
}

/** Why a record had no part in a result. */
export type DropReason = 'null-key' | 'null-value' | 'late' | 'expired' | 'duplicate' | 'out-of-order'

/** What a record was too late for. */
export interface Late {
  /** The step's, when the record came. Milliseconds. */
  readonly time: number
  readonly window?: WindowBounds
}

export interface WindowBounds {
  readonly start: number
  readonly end: number
}

/** Calls back as time goes on. */
export interface Timers {
  /** A record has been read: time goes on to it. */
  read(context: Context): void
  /** Every `interval` milliseconds of the clock, aligned to 0 (stream time) or to now (wall clock). Returns `cancel`. */
  schedule(clock: 'stream-time' | 'wall-clock', interval: number, due: (time: number) => void): () => void
  /**
   * Calls back when the task's input has been idle for `after` milliseconds: nothing is left to be read, nor will the
   * tasks that feed it send anything as it is. Once, and again after each time that something was read.
   */
  idle(after: number, due: () => void): void
  /** The largest timestamp the task has read. */
  readonly streamTime: number
  readonly wallClock: number
  /** The record that is being processed, or was last: what is emitted without one of its own is ascribed to it. */
  readonly current: Context
}

/** A step that has to wait: it collects a micro-batch's records, and hands them on in input order when flushed. */
export interface AsyncStep {
  readonly push: Push
  flush(signal: AbortSignal): Promise<void>
}

/** Returned by a guarded callback whose record has been refused. */
export const REFUSED = Symbol('refused')

/** The try/catch around users' synchronous callbacks; `map` and `validate` write it out, for speed. */
export function guarded<R>(
  node: Node,
  callback: (value: never, context: Context) => R,
  runtime: Pick<StepRuntime, 'refuse'>,
): (value: unknown, context: Context) => R | typeof REFUSED {
  return (value, context) => {
    try {
      return callback(value as never, context)
    } catch (error) {
      runtime.refuse(node, error, context)
      return REFUSED
    }
  }
}
