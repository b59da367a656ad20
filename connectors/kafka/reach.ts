import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../../lib/errors.ts'
import { kafkaError } from './errors.ts'

const PAUSE_MS = 250

export interface Reach {
  readonly brokers: readonly string[]
  readonly connectTimeoutMs: number
  /** Ends the attempts. */
  readonly severed: AbortSignal
}

/**
 * Tries until it is connected. Rejects with `UNREACHABLE` when no broker has answered within `connectTimeoutMs` or the
 * client has been severed, and at once with what waiting can't cure.
 */
export async function reach(how: Reach, connect: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + how.connectTimeoutMs
  for (let reason = 'no answer'; ; ) {
    const remaining = deadline - Date.now()
    if (remaining <= 0 || how.severed.aborted) throw unreachable(how, reason)
    try {
      return await within(remaining, connect, how.severed)
    } catch (error) {
      const failure = kafkaError(error, 'connecting')
      if (!failure.retriable) throw failure
      if (!(error instanceof MillraceError)) reason = failure.message
      await pause(Math.min(PAUSE_MS, Math.max(0, deadline - Date.now())), how.severed)
    }
  }
}

/** Rejects with `UNREACHABLE` when `work` takes longer, or `until` is aborted. The work itself goes on. */
export async function within<T>(
  milliseconds: number,
  work: () => Promise<T>,
  until?: AbortSignal,
): Promise<T> {
  const done = new AbortController()
  const late = pause(milliseconds, until === undefined ? done.signal : AbortSignal.any([until, done.signal]))
  const timeout = late.then(() => {
    if (done.signal.aborted) return new Promise<never>(() => {})
    throw new MillraceError('UNREACHABLE', 'Kafka did not answer in time')
  })
  try {
    return await Promise.race([work(), timeout])
  } finally {
    done.abort()
  }
}

/** Resolves early when aborted. */
async function pause(milliseconds: number, until: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal: until }).catch(() => {})
}

function unreachable({ brokers, connectTimeoutMs, severed }: Reach, reason: string): MillraceError {
  if (severed.aborted) return new MillraceError('UNREACHABLE', 'closed while connecting to Kafka')
  const seconds = connectTimeoutMs / 1000
  return new MillraceError(
    'UNREACHABLE',
    `No Kafka broker answered at ${brokers.join(', ')} within ${seconds} s (${reason}). ` +
      'Is Kafka running there, and KAFKA_BROKERS right?',
  )
}
