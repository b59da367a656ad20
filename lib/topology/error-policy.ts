import { type Duration, duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import type { ErrorPolicy, LastResort, Node, RetryPolicy, Topology } from './nodes.ts'
import { isTopic } from './nodes.ts'

/** Tries again before it gives a record up. */
export interface Retry {
  /** How many further attempts. */
  readonly retry: number
  /**
   * The longest wait before the first of them; it doubles with each, up to `maxBackoff`. How long it is, is left to
   * chance (full jitter), so that many do not come back at one time.
   */
  readonly backoff: Duration
  /** Default 10s. */
  readonly maxBackoff?: Duration | undefined
  /** What becomes of the record when the last attempt has failed. */
  readonly otherwise: LastResort
}

const MAX_BACKOFF = '10s'

/** @throws {MillraceError} `CONFIG` for a retry that says nothing that can be done. */
export function errorPolicy(step: string, said: LastResort | Retry | undefined): ErrorPolicy {
  if (said === undefined) return 'dead-letter'
  if (typeof said === 'string') return said
  const { retry, backoff, maxBackoff = MAX_BACKOFF, otherwise } = said
  if (!Number.isInteger(retry) || retry < 1) {
    const message = `step "${step}" has { retry: ${retry} }: say how many further attempts, at least 1`
    throw new MillraceError('CONFIG', message, { step })
  }
  if (!LAST_RESORTS.has(otherwise)) {
    const message = `step "${step}" does not say what comes after its last attempt: add otherwise: 'dead-letter', 'skip' or 'fail'`
    throw new MillraceError('CONFIG', message, { step })
  }
  return Object.freeze({ retry, backoff: duration(backoff), maxBackoff: duration(maxBackoff), otherwise })
}

const LAST_RESORTS: ReadonlySet<unknown> = new Set<LastResort>(['dead-letter', 'skip', 'fail'])

/** What is left to do with a record when nothing helps. */
export function lastResort(policy: ErrorPolicy): LastResort {
  return typeof policy === 'string' ? policy : policy.otherwise
}

export function retryOf(node: Node): RetryPolicy | undefined {
  return 'onError' in node && typeof node.onError === 'object' ? node.onError : undefined
}

/** Steps that make of one record what it makes of it, whenever that is. */
const OF_ONE_RECORD: ReadonlySet<Node['kind']> = new Set([
  'map',
  'flatMap',
  'filter',
  'peek',
  'validate',
  'branch',
  'keyBy',
] satisfies Node['kind'][])

/** Whether a step holds records back while one is tried again. */
export function holdsBack(node: Node): boolean {
  return OF_ONE_RECORD.has(node.kind) && retryOf(node) !== undefined
}

/** @throws {MillraceError} `CONFIG` for a step that can't try again, with the reason. */
export function checkPolicies({ nodes }: Topology): void {
  for (const node of nodes) {
    const reason = retryOf(node) === undefined ? undefined : whyNoRetry(node)
    if (reason === undefined) continue
    const message = `step "${node.name}" can't try again: ${reason}. Say onError: 'dead-letter', 'skip' or 'fail'`
    throw new MillraceError('CONFIG', message, { step: node.name })
  }
}

function whyNoRetry(node: Node): string | undefined {
  if (OF_ONE_RECORD.has(node.kind) || node.kind === 'enrich') return undefined
  if (node.kind !== 'sink') {
    return 'its state, or its records together, would be seen in between; retry a step before it, e.g. a map'
  }
  return isTopic(node.target)
    ? 'what can’t be encoded, or the broker refuses, is refused for good, and a broker that is away is waited for'
    : undefined
}
