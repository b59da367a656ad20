import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../../../topologies/ingest-schedule.ts'

/** A stretch of virtual time that several processes see alike. */
export interface FastTime {
  /** Virtual time at the epoch and before it, and the time at which it stops. ISO 8601. */
  readonly from: string
  readonly to: string
  /** When it begins to run, in ms since 1970. */
  readonly epoch: number
  /** Virtual seconds a second. */
  readonly factor: number
}

export function fastClock({ from, to, epoch, factor }: FastTime): Clock {
  const end = Date.parse(to)
  const now = () => Math.min(end, Date.parse(from) + Math.max(0, Date.now() - epoch) * factor)
  const until = async (time: Date, signal: AbortSignal) => {
    while (now() < time.getTime() && !signal.aborted) {
      // It may stand still: before the epoch, and for ever at its end.
      const left = now() === end ? 1000 : Math.max(epoch - Date.now(), (time.getTime() - now()) / factor)
      await delay(Math.max(1, left), undefined, { signal }).catch(() => {})
    }
  }
  return { now: () => new Date(now()), until }
}
