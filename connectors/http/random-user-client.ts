import { MillraceError } from '../../lib/errors.ts'
import { apiUrl, pageUrl, placeOf } from './api-url.ts'
import { attemptPage, type Outcome } from './page-attempt.ts'
import { type Backoff, type Clock, DEFAULT_BACKOFF, pauseAfter, retryAfterMs, systemClock } from './retry.ts'

/** Largest page the API gives. */
export const MOST_RESULTS = 5_000

export interface RandomUserClientOptions {
  /** Told before each pause that follows a failed attempt. `pauseMs` in ms. */
  readonly onRetry?: ((why: string, pauseMs: number) => void) | undefined
  /** `RANDOM_USER_URL`: e.g. `https://randomuser.me` or `http://127.0.0.1:8080/api/`. */
  readonly url: string
  /** Limit of one attempt, its body included. Default 20 s. */
  readonly timeoutMs?: number | undefined
  /** Attempts per page before giving up. Default 8. */
  readonly attempts?: number | undefined
  /** A server that has never answered is given up after this. Default 25 s. */
  readonly reachWithinMs?: number | undefined
  readonly backoff?: Backoff | undefined
  readonly clock?: Clock | undefined
}

export interface PageRequest {
  readonly seed: string
  /** Users a page, 1 to 5,000. */
  readonly results: number
  /** First page, counted from 1. */
  readonly page: number
  /** How many pages. */
  readonly pages: number
  readonly signal?: AbortSignal | undefined
}

export interface UserPage {
  readonly page: number
  /** Every element of `results` as the JSON text that was sent, however odd. */
  readonly elements: readonly string[]
  /** When it had arrived, in ms since 1970 UTC. */
  readonly fetchedAt: number
  /** Attempts that failed before the one that brought it. */
  readonly retries: number
}

/** Where users come from. */
export interface UserSource {
  /** What messages and the run history call it: without query or password. */
  readonly name: string
  /**
   * Pages in order, each asked for only when the reader wants it. Retries by itself; rejects with `UNREACHABLE` when
   * it gives up, with `CONFIG` when what answers is no Random User API, with the signal's reason when it aborts.
   */
  fetchPages(request: PageRequest): AsyncGenerator<UserPage, void, void>
}

interface Client {
  readonly url: URL
  readonly timeoutMs: number
  readonly attempts: number
  readonly reachWithinMs: number
  readonly backoff: Backoff
  readonly clock: Clock
  readonly onRetry: RandomUserClientOptions['onRetry']
  /** Whether the server has ever answered. */
  answered: boolean
}

/** The Random User API v1.4 over HTTP. */
export function randomUserClient(options: RandomUserClientOptions): UserSource {
  const client: Client = {
    url: apiUrl(options.url),
    timeoutMs: options.timeoutMs ?? 20_000,
    attempts: options.attempts ?? 8,
    reachWithinMs: options.reachWithinMs ?? 25_000,
    backoff: options.backoff ?? DEFAULT_BACKOFF,
    clock: options.clock ?? systemClock,
    onRetry: options.onRetry,
    answered: false,
  }
  return {
    name: placeOf(client.url),
    async *fetchPages(request) {
      checkSize(request.results)
      for (let page = request.page; page < request.page + request.pages; page++) {
        yield await fetchPage(client, request, page)
      }
    },
  }
}

async function fetchPage(client: Client, request: PageRequest, page: number): Promise<UserPage> {
  const { clock } = client
  const started = clock.now()
  const url = pageUrl(client.url, request.seed, request.results, page)
  for (let attempt = 1; ; attempt++) {
    const timeLeft = client.answered ? Infinity : started + client.reachWithinMs - clock.now()
    const outcome = await attemptPage(url, Math.min(client.timeoutMs, timeLeft), request.signal)
    if (outcome.kind === 'page') {
      client.answered = true
      return { page, elements: outcome.elements, fetchedAt: clock.now(), retries: attempt - 1 }
    }
    client.answered ||= outcome.answered
    const pause = pauseFor(client, attempt, outcome)
    const tooLate = !client.answered && clock.now() + pause >= started + client.reachWithinMs
    if (attempt >= client.attempts || tooLate) throw gaveUp(client, request, page, attempt, outcome.why)
    client.onRetry?.(outcome.why, pause)
    await clock.sleep(pause, request.signal)
  }
}

function pauseFor(client: Client, attempt: number, outcome: Outcome & { kind: 'failed' }): number {
  const asked = retryAfterMs(outcome.retryAfter, client.clock.now())
  return pauseAfter(attempt, asked, client.backoff, client.clock.random())
}

function gaveUp(
  client: Client,
  request: PageRequest,
  page: number,
  attempts: number,
  why: string,
): MillraceError {
  return new MillraceError(
    'UNREACHABLE',
    `the Random User API at ${placeOf(client.url)} gave no page ${page} of seed "${request.seed}" (${request.results} results) ` +
      `in ${attempts} attempts; the last failed with: ${why}. Try again later, or correct RANDOM_USER_URL`,
  )
}

function checkSize(results: number): void {
  if (!Number.isSafeInteger(results) || results < 1 || results > MOST_RESULTS) {
    throw new MillraceError(
      'CONFIG',
      `a page holds 1 to ${MOST_RESULTS} users, not ${results}: correct --results or RANDOM_USER_RESULTS`,
    )
  }
}
