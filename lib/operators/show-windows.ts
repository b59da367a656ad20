import { type Context, rekeyed } from '../record.ts'
import type { EarlyResult } from '../state/early-result.ts'
import type { StoredRow } from '../state/row.ts'
import type { AggregateNode } from '../topology/keyed-nodes.ts'
import type { SessionSpec, WindowSpec } from '../topology/store.ts'
import { type CloseReason, withClose } from '../windows/close.ts'
import type { Windowed } from '../windows/windowed.ts'
import type { Push, StepRuntime } from './step.ts'

type Row = StoredRow<Windowed<unknown>, unknown>

/** Windows by what they are ordered by: their starts, or ends; both ends included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** Hands on windows that have closed or, where the window says so, that wait while the input is idle. */
export interface ShowWindows {
  /** All in `range`: those that are there, and those that were shown and are gone. */
  show(reason: CloseReason, range: Range, rows: Iterable<Row>, context: Context): void
  /** A record has changed a window: shown before, it is shown again. */
  changed(window: Windowed<unknown>): void
}

export function showWindows(node: AggregateNode, next: Push, runtime: StepRuntime): ShowWindows {
  const early = openEarly(node, runtime)
  return early === undefined ? once(next) : corrected(early, next, (runtime.generation ?? 0) * A_GENERATION)
}

/** More than there are corrections of one window. Milliseconds. */
const A_GENERATION = 1000

/** Each window once. */
function once(next: Push): ShowWindows {
  return {
    show(_reason, _range, rows, context) {
      for (const { key, value, timestamp } of rows) {
        next({ old: null, new: value, latest: true }, rekeyed(context, key, timestamp))
      }
    },
    changed() {},
  }
}

/**
 * Each window when it is first shown, and whenever it has changed since. A correction is of a later millisecond than
 * what it corrects, so that it wins where rows are told apart by their times. So is what another version shows after a
 * promotion or a rollback, however often the one before has corrected it: `later`, milliseconds. What closes for good is
 * forgotten.
 */
function corrected(early: Early, next: Push, later: number): ShowWindows {
  const tell = (reason: CloseReason, row: Row | Gone, before: EarlyResult | undefined, context: Context) => {
    const revision = (before?.revision ?? 0) + 1
    const own = row.timestamp + later
    const timestamp = before === undefined ? own : Math.max(own, before.timestamp + 1)
    const { key, value } = row
    if (reason === 'idle') early.put(key, { revision, changed: false, timestamp, value })
    else if (before !== undefined) early.put(key, null)
    const headers = withClose(context.headers, { closeReason: reason, revision })
    const change = { old: before?.value ?? null, new: value, latest: true }
    next(change, { ...rekeyed(context, key, timestamp), headers })
  }
  return {
    show(reason, range, rows, context) {
      for (const row of rows) {
        const before = early.get(row.key)
        if (before === undefined || before.changed) tell(reason, row, before, context)
        else if (reason === 'time') early.put(row.key, null)
      }
      // What is left of those that changed has no row any more: deleted, or grown into a longer session.
      for (const { key, value: before } of [...early.between(range)]) {
        const { changed, value, timestamp } = before
        if (changed && value !== null) tell(reason, { key, value: null, timestamp }, before, context)
        else if (reason === 'time') early.put(key, null)
      }
    },
    changed(window) {
      const before = early.get(window)
      if (before !== undefined && !before.changed) early.put(window, { ...before, changed: true })
    },
  }
}

interface Gone {
  readonly key: Windowed<unknown>
  readonly value: null
  readonly timestamp: number
}

interface Early {
  get(window: Windowed<unknown>): EarlyResult | undefined
  put(window: Windowed<unknown>, result: EarlyResult | null): void
  between(range: Range): Iterable<StoredRow<Windowed<unknown>, EarlyResult>>
}

function openEarly({ early }: AggregateNode, { state }: StepRuntime): Early | undefined {
  if (early === undefined) return undefined
  if (early.kind === 'session') {
    const store = state.store(early as SessionSpec<unknown, EarlyResult>)
    return {
      get: (window) => store.get(window),
      put: (window, result) => store.put(window, result),
      between: ({ first, last }) => store.findAll(first, last),
    }
  }
  const store = state.store(early as WindowSpec<unknown, EarlyResult>)
  return {
    get: ({ key, start }) => store.get(key, start)?.value,
    put: ({ key, start }, result) => store.put(key, result, start),
    between: ({ first, last }) => store.held(first, last),
  }
}
