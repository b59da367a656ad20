import { retrying } from '../backoff.ts'
import { isRetriable, MillraceError } from '../errors.ts'
import type { Context } from '../record.ts'
import { retryOf } from '../topology/error-policy.ts'
import type { EnrichNode } from '../topology/nodes.ts'
import type { StepRuntime } from './step.ts'

/** A record in front of an asynchronous step. */
export interface Waiting {
  readonly value: unknown
  readonly context: Context
}

/** One attempt under the step's time-out, tried again as the step says; an unreachable server is waited for. */
export function attempt<T>(
  node: EnrichNode,
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  runtime: StepRuntime,
): Promise<T> {
  let failures = 0
  const { backoff: base, maxBackoff: cap } = retryOf(node) ?? {}
  return retrying(() => withTimeout(node, call, signal), {
    when: (error) => isRetriable(error) || ++failures <= node.retry,
    onRetry: (error) => {
      if (isRetriable(error)) runtime.waiting(node, error)
      else runtime.count(node.name, 'retried')
    },
    ...(base !== undefined && { base }),
    ...(cap !== undefined && { cap }),
    signal,
  })
}

async function withTimeout<T>(
  node: EnrichNode,
  call: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted()
  const limit = new AbortController()
  let expire: (error: Error) => void = () => {}
  const expired = new Promise<never>((_, reject) => {
    expire = reject
  })
  // A call may take no notice of its signal; who drains must not wait for it.
  const stop = () => {
    limit.abort(signal.reason)
    expire(signal.reason)
  }
  signal.addEventListener('abort', stop, { once: true })
  const timer = setTimeout(() => {
    limit.abort()
    expire(late(node))
  }, node.timeout)
  try {
    return await Promise.race([call(limit.signal), expired])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

/** A look-up's server that says nothing is away; a call that takes too long may be so because of its record. */
function late({ name, timeout, enrichment }: EnrichNode): MillraceError {
  const code = enrichment.how === 'lookup' ? 'UNREACHABLE' : 'STEP'
  return new MillraceError(code, `no answer within ${timeout} ms`, { step: name })
}
