import { filter, type Observable, Subject } from 'rxjs'
import { MillraceError, messageOf } from '../errors.ts'
import type { DropReason, Late } from '../operators/step.ts'
import type { Context, Position } from '../record.ts'

/** A record that a step has left out by its rules. Where it is, never what it holds. */
export interface DropEvent extends Position {
  readonly step: string
  readonly reason: DropReason
  /** Of the record, as the step saw it. Milliseconds. */
  readonly timestamp: number
  /** The window that it was late for. Milliseconds. */
  readonly window: { readonly start: number; readonly end: number } | undefined
  /** How far the step's stream time was ahead of it, where that is the reason. Milliseconds. */
  readonly lateBy: number | undefined
}

/** A drop whose reason is time. */
export interface LateEvent extends DropEvent {
  readonly lateBy: number
}

/** A micro-batch that has been committed. */
export interface ProgressEvent {
  /** `<sub-topology>_<partition>` */
  readonly task: string
  readonly records: number
  /** Next to be read. */
  readonly positions: readonly Position[]
}

/** A record that a step has refused, or what has ended the worker or thrown it back to what is committed. */
export interface ErrorEvent {
  readonly code: string
  readonly message: string
  /** What became of it: `stopped` ends the worker, `retaken` has its tasks begin anew from what is committed. */
  readonly outcome: 'dead-letter' | 'skipped' | 'retaken' | 'stopped'
  readonly step: string | undefined
  /** Where the record is that led to it; undefined where it was none. */
  readonly at: Position | undefined
}

/**
 * What goes on in a worker, as it happens: nothing is kept for those who subscribe later, and nothing is done for an
 * Observable that nobody has subscribed to. Observers are called in the middle of the work, so that they hold it up:
 * put a `bufferCount` or `throttleTime` before what takes long. All complete when the worker has ended. An observer that
 * throws is RxJS' to report, and stops the process, as an unhandled rejection does.
 */
export interface WorkerEvents {
  /** What steps left out by their rules, late records included. */
  readonly drops$: Observable<DropEvent>
  readonly late$: Observable<LateEvent>
  readonly progress$: Observable<ProgressEvent>
  readonly errors$: Observable<ErrorEvent>
}

/** The side of the worker. */
export class Events implements WorkerEvents {
  readonly #drops = new Subject<DropEvent>()
  readonly #progress = new Subject<ProgressEvent>()
  readonly #errors = new Subject<ErrorEvent>()
  readonly drops$ = this.#drops.asObservable()
  readonly late$ = this.#drops.pipe(filter((drop): drop is LateEvent => drop.lateBy !== undefined))
  readonly progress$ = this.#progress.asObservable()
  readonly errors$ = this.#errors.asObservable()

  dropped(step: string, reason: DropReason, context: Context, late: Late | undefined): void {
    if (!this.#drops.observed) return
    const { raw, timestamp } = context
    const lateBy = late === undefined ? undefined : late.time - timestamp
    this.#drops.next({ step, reason, ...placeOf(raw), timestamp, window: late?.window, lateBy })
  }

  committed(task: string, records: number, positions: readonly Position[]): void {
    if (this.#progress.observed && positions.length > 0) this.#progress.next({ task, records, positions })
  }

  failed(error: unknown, outcome: ErrorEvent['outcome'], step?: string, at?: Position): void {
    if (!this.#errors.observed) return
    const known = error instanceof MillraceError ? error : undefined
    this.#errors.next({
      code: known?.code ?? 'STEP',
      message: messageOf(error),
      outcome,
      step: step ?? known?.at.step,
      at: at === undefined ? undefined : placeOf(at),
    })
  }

  end(): void {
    for (const subject of [this.#drops, this.#progress, this.#errors]) subject.complete()
  }
}

function placeOf({ topic, partition, offset }: Position): Position {
  return { topic, partition, offset }
}
