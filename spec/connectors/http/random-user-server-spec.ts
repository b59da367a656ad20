import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../../connectors/http/random-user-server.ts'

interface Page {
  readonly results: {
    readonly email: string
    readonly login: { readonly uuid: string; readonly username: string }
  }[]
  readonly info: unknown
}

function recording(name: string): Page {
  return JSON.parse(
    readFileSync(new URL(`../../../connectors/http/fixtures/${name}.json`, import.meta.url), 'utf8'),
  )
}

describe('random user server', () => {
  let server: RandomUserServer

  afterEach(() => server.close())

  async function get(query: string): Promise<Page> {
    const response = await fetch(`${server.url}?${query}`)
    expect(response.status).to.equal(200)
    return (await response.json()) as Page
  }

  const recordings = [
    ['page-1', 'seed=millrace&results=500&page=1'],
    ['page-2', 'seed=millrace&results=500&page=2'],
    ['page-3', 'seed=millrace&results=500&page=3'],
    ['nat-in-ua-rs', 'seed=abc&results=50'],
    ['lego', 'seed=lego-1&results=20&page=1'],
  ] as const
  for (const [name, query] of recordings) {
    it(`should answer ${query} as the real API did`, async () => {
      server = await startRandomUserServer()

      expect(await get(query)).to.deep.equal(recording(name))
    })
  }

  it('should derive 20,000 users, each with a uuid, e-mail and username of its own', async () => {
    server = await startRandomUserServer()
    const pages = await Promise.all([1, 2, 3, 4].map((page) => get(`seed=many&results=5000&page=${page}`)))
    const users = pages.flatMap(({ results }) => results)

    for (const field of ['uuid', 'username'] as const) {
      expect(new Set(users.map(({ login }) => login[field])).size).to.equal(20_000)
    }
    expect(new Set(users.map(({ email }) => email)).size).to.equal(20_000)
    expect(users[0]!.login.uuid).to.match(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
  })

  it('should give the same users for the same seed and page, and others for others', async () => {
    server = await startRandomUserServer()
    const first = await get('seed=a&results=4&page=7')

    expect(await get('seed=a&results=4&page=7')).to.deep.equal(first)
    expect((await get('seed=a&results=2&page=7')).results).to.deep.equal(first.results.slice(0, 2))
    expect((await get('seed=a&results=4&page=8')).results).to.not.deep.equal(first.results)
    expect((await get('seed=b&results=4&page=7')).results).to.not.deep.equal(first.results)
  })

  it('should give one user by default and 5,000 at most', async () => {
    server = await startRandomUserServer()

    expect((await get('seed=a')).results).to.have.length(1)
    expect((await get('results=9999')).results).to.have.length(5_000)
  })

  it('should answer 429 with an error and Retry-After over its limit', async () => {
    server = await startRandomUserServer({ rateLimit: { requests: 1, perMs: 30_000 } })
    await get('seed=a')
    const refused = await fetch(server.url)

    expect(refused.status).to.equal(429)
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 30)
    expect(await refused.json()).to.have.property('error')
  })

  it('should serve the elements it is given, page by page, in place of users', async () => {
    server = await startRandomUserServer({ elements: [null, 42, 'x\u0000', '\ud800', [1]] })

    expect((await get('results=3&page=2')).results).to.deep.equal(['\ud800', [1]])
    expect((await get('results=3&page=3')).results).to.deep.equal([])
  })

  it('should know no other path', async () => {
    server = await startRandomUserServer()

    expect((await fetch(new URL('/other', server.url))).status).to.equal(404)
  })
})
