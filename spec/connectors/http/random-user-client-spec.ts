import { expect } from 'chai'
import {
  type PageRequest,
  type RandomUserClientOptions,
  randomUserClient,
  type UserPage,
} from '../../../connectors/http/random-user-client.ts'
import {
  type RandomUserServer,
  type RandomUserServerOptions,
  startRandomUserServer,
} from '../../../connectors/http/random-user-server.ts'
import type { Clock } from '../../../connectors/http/retry.ts'
import type { ServerFault } from '../../../connectors/http/server-fault.ts'
import { MillraceError } from '../../../lib/errors.ts'

/** For a body that never ends. The next one has to come within it too, on a loaded machine. */
const PATIENCE_MS = 2_000

/** Time that passes only by sleeping; chance always falls in the middle. */
function virtualClock(): Clock & { readonly pauses: number[] } {
  const pauses: number[] = []
  let now = Date.parse('2026-11-22T10:00:00Z')
  return {
    pauses,
    now: () => now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      pauses.push(ms)
      now += ms
    },
  }
}

describe('random user client', () => {
  let server: RandomUserServer
  let clock: ReturnType<typeof virtualClock>

  beforeEach(() => {
    clock = virtualClock()
  })
  afterEach(() => server?.close())

  async function fetchFrom(
    options: RandomUserServerOptions,
    request: Partial<PageRequest> = {},
    client: Partial<RandomUserClientOptions> = {},
  ): Promise<UserPage[]> {
    server = await startRandomUserServer(options)
    return fetchAll(server.url, request, client)
  }

  async function fetchAll(
    url: string,
    request: Partial<PageRequest> = {},
    client: Partial<RandomUserClientOptions> = {},
  ): Promise<UserPage[]> {
    const source = randomUserClient({ url, clock, ...client })
    const pages: UserPage[] = []
    for await (const page of source.fetchPages({
      seed: 'millrace',
      results: 3,
      page: 1,
      pages: 1,
      ...request,
    })) {
      pages.push(page)
    }
    return pages
  }

  async function failureOf(work: Promise<unknown>): Promise<MillraceError> {
    const outcome = await work.then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(outcome).to.be.instanceOf(MillraceError)
    return outcome as MillraceError
  }

  const faults = (...list: ServerFault[]): RandomUserServerOptions => ({
    faults: Object.fromEntries(list.map((fault, i) => [i + 1, fault])),
  })

  it('should fetch the pages asked for, in order, one request each', async () => {
    const pages = await fetchFrom({}, { page: 2, pages: 2, results: 500 })

    expect(pages.map(({ page, elements, retries }) => [page, elements.length, retries])).to.deep.equal([
      [2, 500, 0],
      [3, 500, 0],
    ])
    expect(server.requests).to.deep.equal([
      '/api/?results=500&seed=millrace&page=2',
      '/api/?results=500&seed=millrace&page=3',
    ])
  })

  it('should hand over every element as the text that was sent', async () => {
    const elements = [
      '{"n":12345678901234567890.10, "s":"\\ud800 \\"],\\\\"}',
      'null',
      '[[1],{"results":[2]}]',
    ]
    const body = `{"info":{"results":[7]},"results":[ ${elements.join(' , ')} ]}`

    const [page] = await fetchFrom(faults({ kind: 'body', body }))

    expect(page?.elements).to.deep.equal(elements)
  })

  it('should ask only when the reader wants the next page', async () => {
    server = await startRandomUserServer()
    const pages = randomUserClient({ url: server.url }).fetchPages({
      seed: 's',
      results: 1,
      page: 1,
      pages: 9,
    })

    await pages.next()
    await pages.return()

    expect(server.requests).to.have.length(1)
  })

  it('should wait as long as Retry-After says in seconds', async () => {
    const [page] = await fetchFrom(faults({ kind: 'status', status: 429, retryAfter: '7' }))

    expect(page?.retries).to.equal(1)
    expect(clock.pauses).to.deep.equal([7_250])
  })

  it('should wait until the date that Retry-After names', async () => {
    await fetchFrom(faults({ kind: 'status', status: 503, retryAfter: 'Sun, 22 Nov 2026 10:00:30 GMT' }))

    expect(clock.pauses).to.deep.equal([30_250])
  })

  it('should not wait for ever because a server says so', async () => {
    await fetchFrom(faults({ kind: 'status', status: 429, retryAfter: '86400' }))

    expect(clock.pauses).to.deep.equal([300_250])
  })

  it('should come back from a real rate limit', async () => {
    server = await startRandomUserServer({ rateLimit: { requests: 1, perMs: 60_000 } })
    const asked = Date.now()
    await fetchAll(server.url)

    const error = await failureOf(fetchAll(server.url, {}, { attempts: 2 }))

    expect(error.message).to.include('HTTP 429')
    expect(clock.pauses).to.have.length(1)
    // What was left of the minute, in whole seconds, and the jitter.
    expect(clock.pauses[0]).to.be.within(60_000 - (Date.now() - asked), 60_250)
  })

  it('should back off twice as long after every failure, with jitter, up to a limit', async () => {
    const away: ServerFault = { kind: 'status', status: 503 }
    await fetchFrom(
      faults(away, away, away, away),
      {},
      {
        backoff: { baseMs: 1_000, maxMs: 4_000, maxRetryAfterMs: 0 },
      },
    )

    expect(clock.pauses).to.deep.equal([500, 1_000, 2_000, 2_000])
  })

  const passing: Record<string, ServerFault> = {
    'a 500': { kind: 'status', status: 500 },
    'a page whose JSON stops in the middle': { kind: 'truncated' },
    'a connection that closes in the middle of the body': { kind: 'cut' },
    'a connection that closes without an answer': { kind: 'reset' },
    'a body that is not JSON': { kind: 'body', body: '<html>502</html>' },
    'a 200 with an error': { kind: 'body', body: '{"error":"Uh oh, something has gone wrong."}' },
  }
  for (const [name, fault] of Object.entries(passing)) {
    it(`should try again after ${name}`, async () => {
      const [page] = await fetchFrom(faults(fault))

      expect(page?.elements).to.have.length(3)
      expect(page?.retries).to.equal(1)
    })
  }

  it('should not wait longer than the time-out for a body that never ends', async () => {
    const [page] = await fetchFrom(faults({ kind: 'hang' }), {}, { timeoutMs: PATIENCE_MS })

    expect(page?.retries).to.equal(1)
  })

  it('should give up after the attempts allowed, naming address, reason and cure but no secret', async () => {
    server = await startRandomUserServer(faults({ kind: 'hang' }, { kind: 'status', status: 503 }))
    const url = server.url.replace('http://', 'http://me:pa55@')

    const said: string[] = []
    const onRetry = (why: string, pauseMs: number) => said.push(`${why} ${pauseMs}`)
    const error = await failureOf(
      fetchAll(`${url}?key=hush`, {}, { attempts: 2, timeoutMs: PATIENCE_MS, onRetry }),
    )
    expect(said).to.have.length(1)
    expect(said[0])
      .to.match(new RegExp(` ${clock.pauses[0]}$`))
      .and.not.include('hush')

    expect(error).to.include({ code: 'UNREACHABLE', retriable: true })
    expect(error.message).to.include(server.url).and.include('2 attempts').and.include('HTTP 503')
    expect(error.message)
      .to.include('RANDOM_USER_URL')
      .and.not.match(/hush|pa55/)
    expect(server.requests[1]).to.include('key=hush')
  })

  it('should give up a server that never answered within its limit, however many attempts are left', async () => {
    server = await startRandomUserServer()
    await server.close()

    const error = await failureOf(fetchAll(server.url, {}, { attempts: 1_000 }))

    expect(error.message).to.include('ECONNREFUSED').and.include('RANDOM_USER_URL')
    expect(clock.pauses.reduce((sum, ms) => sum + ms, 0)).to.be.below(25_000)
  })

  const foreign: Record<string, ServerFault> = {
    'results that are no array': { kind: 'body', body: '{"results":{"a":1}}' },
    'JSON that is no object': { kind: 'body', body: '[1]' },
    'a status that will not pass': { kind: 'status', status: 404 },
    'a redirect': { kind: 'status', status: 302 },
  }
  for (const [name, fault] of Object.entries(foreign)) {
    it(`should refuse ${name} at once`, async () => {
      const error = await failureOf(fetchFrom(faults(fault)))

      expect(error.code).to.equal('CONFIG')
      expect(error.message).to.include('not the Random User API').and.include('RANDOM_USER_URL')
      expect(server.requests).to.have.length(1)
    })
  }

  it('should stop in the middle of a body when asked to', async () => {
    const stop = new AbortController()
    server = await startRandomUserServer(faults({ kind: 'hang' }))
    const fetched = fetchAll(server.url, { signal: stop.signal })
    while (server.requests.length === 0) await new Promise(setImmediate)
    stop.abort(new Error('enough'))

    const error = await fetched.catch((reason: unknown) => reason)

    expect(error).to.equal(stop.signal.reason)
  })

  it('should refuse a page size that the API does not give', async () => {
    expect((await failureOf(fetchFrom({}, { results: 5_001 }))).code).to.equal('CONFIG')
    expect(server.requests).to.have.length(0)
  })

  it('should take an address without a path for version 1.4 at that host', async () => {
    server = await startRandomUserServer()
    await fetchAll(new URL(server.url).origin)

    expect(server.requests[0]).to.match(/^\/api\/1\.4\/\?/)
  })
})
