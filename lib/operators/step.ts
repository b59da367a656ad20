import type { SinkRow } from '../ports.ts'
import type { Context, OutRecord } from '../record.ts'
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
  emit(node: SinkNode, record: OutRecord, context: Context): void
  emitRow(node: SinkNode, row: SinkRow, context: Context): void
}

/** A step that has to wait: it collects a micro-batch's records, and hands them on in input order when flushed. */
export interface AsyncStep {
  readonly push: Push
  flush(signal: AbortSignal): Promise<void>
}

/** Returned by a guarded callback whose record has been refused. */
export const REFUSED = Symbol('refused')

/** The one try/catch around users' synchronous callbacks. */
export function guarded<R>(
  node: Node,
  callback: (value: never, context: Context) => R,
  runtime: StepRuntime,
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
