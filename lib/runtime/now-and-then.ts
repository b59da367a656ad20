import { pause } from '../backoff.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'

export interface NowAndThen {
  /** What a failure is said of. */
  readonly doing: string
  /** Milliseconds between two rounds. */
  readonly every: number
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Rounds of what can wait, never two at once: a failure is said, and the next round does what is left. Resolves at the end. */
export async function nowAndThen(how: NowAndThen, round: () => Promise<void>): Promise<void> {
  const { doing, every, log, signal } = how
  while (!signal.aborted) {
    await pause(every, signal).catch(() => {})
    if (signal.aborted) return
    await round().catch((error: unknown) => {
      if (!signal.aborted) log.warn({}, `${doing}: ${messageOf(error)}`)
    })
  }
}
