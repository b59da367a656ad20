import { MillraceError, messageOf } from '../../lib/errors.ts'
import { placeOf } from './api-url.ts'
import { elementTexts } from './element-texts.ts'

/** What one request came to. A failed one is worth another attempt. */
export type Outcome =
  | { readonly kind: 'page'; readonly elements: readonly string[] }
  | {
      readonly kind: 'failed'
      readonly why: string
      /** Whether an HTTP answer came at all. */
      readonly answered: boolean
      readonly retryAfter: string | null
    }

/**
 * Asks once for one page.
 * @param timeoutMs covers the connection, the headers and the whole body.
 * @throws {MillraceError} `CONFIG` when another attempt can't help: a status that is no passing trouble, or content
 * that is no page of users.
 * @throws the signal's reason when it aborts.
 */
export async function attemptPage(url: URL, timeoutMs: number, signal?: AbortSignal): Promise<Outcome> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const limit = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  let response: Response | undefined
  try {
    // Redirects are refused: they would carry a key in the query to another host.
    response = await fetch(withoutUser(url), { signal: limit, redirect: 'manual', headers: headersFor(url) })
    return outcomeOf(url, response, await response.text())
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof MillraceError) throw error
    const why = timeout.aborted ? `no complete answer within ${timeoutMs} ms` : networkReason(error)
    return failed(why, response)
  }
}

function outcomeOf(url: URL, response: Response, body: string): Outcome {
  if (isPassing(response.status)) return failed(`HTTP ${response.status}`, response)
  if (response.status !== 200) throw notTheApi(url, `it answers HTTP ${response.status}`)
  const content = parse(body)
  if (content === undefined) return failed('a body that is not complete JSON', response)
  if (Array.isArray(field(content, 'results'))) {
    return { kind: 'page', elements: elementTexts(body, 'results') }
  }
  if (field(content, 'error') !== undefined) return failed('an {"error"} body', response)
  throw notTheApi(url, 'its answer has no array "results"')
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

function failed(why: string, response: Response | undefined): Outcome {
  const retryAfter = response?.headers.get('retry-after') ?? null
  return { kind: 'failed', why, answered: response !== undefined, retryAfter }
}

function notTheApi(url: URL, why: string): MillraceError {
  return new MillraceError(
    'CONFIG',
    `${placeOf(url)} is not the Random User API: ${why}. Correct RANDOM_USER_URL`,
  )
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function field(content: unknown, name: string): unknown {
  return typeof content === 'object' && content !== null && Object.hasOwn(content, name)
    ? (content as Record<string, unknown>)[name]
    : undefined
}

/** fetch refuses URLs that carry credentials. */
function withoutUser(url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function headersFor(url: URL): Record<string, string> {
  if (url.username === '') return {}
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return { authorization: `Basic ${Buffer.from(user).toString('base64')}` }
}

/** fetch says "fetch failed" or "terminated"; why is in the cause. */
function networkReason(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
}
