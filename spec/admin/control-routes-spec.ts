import { expect } from 'chai'
import { until } from '../support/until.ts'
import { type Instance, openShop, type Shop } from './shop.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')

describe('pause and resume over HTTP', function () {
  this.timeout(60_000)
  let shop: Shop
  let instance: Instance
  before(async () => {
    shop = await openShop()
    instance = await shop.open()
  })
  after(() => shop.close())

  const post = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(instance.admin.url + path, { method: 'POST', ...init })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  const ordersOf = async (country: string) =>
    (await instance.get(`/stores/orders-per-country/${country}`)).body.value
  const pausedNow = async () => (await instance.get('/topology')).body.topologies[0].paused

  it('should stop the reading of a topology, and go on with it', async () => {
    expect(await post('/pause?topology=shop')).to.deep.equal({
      status: 200,
      body: { workers: [{ topology: 'shop', paused: 'all' }] },
    })
    expect(await pausedNow()).to.equal('all')
    await shop.order('ann', { country: 'de', cents: 1 }, NOON)
    await until('the lag seen', async () => {
      const { body } = await instance.get('/metrics')
      return /^millrace_lag_records\{.*topic="orders".*\} 1$/m.test(body)
    })
    expect(await ordersOf('de')).to.equal(undefined)
    const resumed = await post('/resume')
    expect(resumed.body.workers[0].paused).to.deep.equal([])
    await until('the order counted', async () => (await ordersOf('de')) === 1)
  })

  it('should stop one partition of all inputs, or of one', async () => {
    const { body } = await post('/pause?topic=orders&partition=1')
    expect(body.workers[0].paused).to.deep.equal([{ topic: 'orders', partition: 1 }])
    await post('/pause?partition=2')
    const paused: { topic: string; partition: number }[] = await pausedNow()
    const names = paused.map(({ topic, partition }) => `${topic}/${partition}`)
    expect(names).to.include.members(['orders/1', 'orders/2', 'prices/2'])
    expect(names).not.to.include('prices/1')
    expect((await post('/resume')).body.workers[0].paused).to.deep.equal([])
  })

  for (const [path, status, code] of [
    ['/pause?topology=other', 404, 'UNKNOWN_TOPOLOGY'],
    ['/pause?topic=nothing', 400, 'WRONG_PARAMETER'],
    ['/pause?partition=3', 400, 'WRONG_PARAMETER'],
    ['/pause?partition=x', 400, 'WRONG_PARAMETER'],
    ['/pause?step=x', 400, 'WRONG_PARAMETER'],
  ] as const) {
    it(`should answer ${status} ${code} to ${path}, and pause nothing`, async () => {
      const got = await post(path)
      expect([got.status, got.body.error.code]).to.deep.equal([status, code])
      expect(await pausedNow()).to.deep.equal([])
    })
  }

  it('should not pause for a page of another site, nor for a link', async () => {
    const { status, body } = await post('/pause', { headers: { origin: 'https://evil.example' } })
    expect([status, body.error.code]).to.deep.equal([403, 'FOREIGN_ORIGIN'])
    expect((await instance.get('/pause')).status).to.equal(404)
    expect(await pausedNow()).to.deep.equal([])
  })

  it('should not read a body of some size', async () => {
    const headers = { 'content-type': 'application/json' }
    const { status, body } = await post('/pause', { headers, body: JSON.stringify('x'.repeat(20_000)) })
    expect([status, body.error.code]).to.deep.equal([413, 'TOO_LARGE'])
    expect(await pausedNow()).to.deep.equal([])
  })
})
