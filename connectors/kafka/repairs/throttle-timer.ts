/** The part of kafkajs' network/requestQueue that sets its timer. */
export interface RequestQueue {
  throttleCheckTimeoutId: NodeJS.Timeout | null
  throttledUntil: number
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
  checkPendingRequests(): void
}

const CHECK_INTERVAL_MS = 10

/**
 * kafkajs sets a timer after every answer even when nothing waits, with a negative delay: Node ≥ 24 prints
 * TimeoutNegativeWarning (tulios/kafkajs#1751), and one timer per millisecond and connection runs for ever (#1768).
 * Here a timer is set only for requests that wait, and never in the past.
 */
export function repairThrottleTimer(prototype: RequestQueue): void {
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return
    const wait = this.throttledUntil - Date.now()
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      wait > 0 ? wait : CHECK_INTERVAL_MS,
    )
  }
}
