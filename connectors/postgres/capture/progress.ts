import { formatLsn, type Lsn } from './lsn.ts'
import type { CaptureStatus } from './options.ts'

type Counted = 'rows' | 'deadLetters' | 'deletes' | 'truncates'

/** What a capture has done so far, told at every change. */
export class Progress {
  readonly #told: ((status: CaptureStatus) => void) | undefined
  #status: CaptureStatus = {
    state: 'starting',
    position: undefined,
    rows: 0,
    deadLetters: 0,
    deletes: 0,
    truncates: 0,
  }

  constructor(told?: (status: CaptureStatus) => void) {
    this.#told = told
  }

  get status(): CaptureStatus {
    return this.#status
  }

  is(state: CaptureStatus['state']): void {
    this.#change({ state })
  }

  /** The stored position. */
  at(lsn: Lsn): void {
    this.#change({ position: formatLsn(lsn) })
  }

  add(counts: Partial<Record<Counted, number>>): void {
    const sums = Object.entries(counts).map(([what, by]) => [what, this.#status[what as Counted] + by])
    this.#change(Object.fromEntries(sums))
  }

  #change(part: Partial<CaptureStatus>): void {
    this.#status = { ...this.#status, ...part }
    this.#told?.(this.#status)
  }
}
