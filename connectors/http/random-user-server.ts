import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { usersOf } from './recorded-users.ts'
import { answer, refuse, type ServerFault } from './server-fault.ts'

export interface RandomUserServerOptions {
  /** Default 0: any free port. */
  readonly port?: number | undefined
  /** Over it, requests are answered with 429 and Retry-After. Default: no limit. */
  readonly rateLimit?: { readonly requests: number; readonly perMs: number } | undefined
  /** What goes wrong, by number of the request, counted from 1. */
  readonly faults?: Readonly<Record<number, ServerFault>> | ((request: number) => ServerFault | undefined)
  /** Served in place of recorded users: page P of size N is the P-th slice of N. */
  readonly elements?: readonly unknown[] | undefined
}

export interface RandomUserServer {
  /** For `RANDOM_USER_URL`. */
  readonly url: string
  /** Path and query of each request so far. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

const MOST_RESULTS = 5_000

/**
 * Answers as the Random User API v1.4 on 127.0.0.1: `GET /api/?results=N&seed=S&page=P`, also under `/api/1.4/`.
 * The same seed and page give the same users, always.
 */
export async function startRandomUserServer(
  options: RandomUserServerOptions = {},
): Promise<RandomUserServer> {
  const requests: string[] = []
  const withinLimit = rateLimiter(options.rateLimit)
  const { faults = {} } = options
  const faultOf = typeof faults === 'function' ? faults : (request: number) => faults[request]
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const retryAfter = withinLimit()
    if (retryAfter !== undefined) refuse(response, 429, retryAfter)
    else respond(request, response, options, faultOf(requests.length))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/api/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: RandomUserServerOptions,
  fault: ServerFault | undefined,
): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  if (request.method !== 'GET' || !/^\/api(\/1\.4)?\/?$/.test(url.pathname)) refuse(response, 404)
  else answer(response, JSON.stringify(pageFor(url.searchParams, options.elements)), fault)
}

function pageFor(query: URLSearchParams, elements: readonly unknown[] | undefined): object {
  const seed = query.get('seed') ?? randomBytes(8).toString('hex')
  const page = positive(query.get('page'))
  const size = Math.min(positive(query.get('results')), MOST_RESULTS)
  const results = elements?.slice((page - 1) * size, page * size) ?? usersOf(seed, page, size)
  return { results, info: { seed, results: results.length, page, version: '1.4' } }
}

function positive(text: string | null): number {
  const number = Number(text)
  return Number.isSafeInteger(number) && number > 0 ? number : 1
}

/** Seconds to wait, as Retry-After says it, when the request is over the limit. */
function rateLimiter(limit: RandomUserServerOptions['rateLimit']): () => string | undefined {
  let granted: number[] = []
  return () => {
    if (limit === undefined) return undefined
    const now = Date.now()
    granted = granted.filter((time) => time > now - limit.perMs)
    if (granted.length < limit.requests) {
      granted.push(now)
      return undefined
    }
    return String(Math.ceil((granted[0]! + limit.perMs - now) / 1000))
  }
}
