import { messageOf } from '../../../lib/errors.ts'
import type { Logger } from '../../../lib/log.ts'
import { compact } from './compaction.ts'
import type { Log } from './log.ts'
import { retain } from './retention.ts'

export interface CleanerOptions {
  readonly now: () => number
  readonly logger: Logger
}

/** One round of retention and compaction over all partitions, each as its topic's settings say. */
export async function clean(log: Log, now: number, signal?: AbortSignal): Promise<void> {
  for (const topic of log.topics()) {
    const { settings, logs } = topic
    for (const partition of logs) {
      if (signal?.aborted) return
      await log.upkeep(async () => {
        if (log.topic(topic.topic) !== topic) return
        if (settings.deletes) await retain(log, partition, settings, now)
        if (settings.compacts) await compact(log, partition, settings, now)
      })
    }
  }
}

/** A round now and then, never two at once. Returns how to stop; that resolves when none is under way. */
export function cleanEvery(
  milliseconds: number,
  log: Log,
  { now, logger }: CleanerOptions,
): () => Promise<void> {
  const stopped = new AbortController()
  let round: Promise<void> | undefined
  const timer = setInterval(() => {
    round ??= clean(log, now(), stopped.signal)
      .catch((error) => logger.warn({}, `cleaning the embedded log: ${messageOf(error)}`))
      .finally(() => {
        round = undefined
      })
  }, milliseconds)
  timer.unref()
  return async () => {
    clearInterval(timer)
    stopped.abort()
    await round
  }
}
