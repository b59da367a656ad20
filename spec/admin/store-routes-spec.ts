import { expect } from 'chai'
import { until } from '../support/until.ts'
import { type Instance, openShop, type Shop } from './shop.ts'

const HOUR = 3_600_000
const NOON = Date.parse('2026-11-22T12:00:00Z')

describe('what stores hold, over HTTP', function () {
  this.timeout(60_000)
  let shop: Shop
  let instance: Instance
  const get = (path: string) => instance.get(path)

  before(async () => {
    shop = await openShop()
    instance = await shop.open()
    await shop.put('names', 'de', 'Germany', NOON)
    await shop.put('prices', 'tea', 300, NOON)
    await shop.put('prices', 'tea', 350, NOON + 60_000)
    await shop.order('ann', { country: 'de', cents: 100 }, NOON)
    await shop.order('ann', { country: 'de', cents: 250 }, NOON + HOUR)
    await shop.order('a/b c', { country: 'fr', cents: 250 }, NOON + 2 * HOUR)
    // The global table, too: it is read by a clock of its own.
    await until('all orders counted', async () => {
      const [name, tea, one, other] = await Promise.all(
        [
          '/stores/names/de',
          '/stores/prices/tea',
          '/stores/orders-per-country/fr',
          '/stores/orders-per-country/de',
        ].map(get),
      )
      return name?.status === 200 && tea?.body.value === 350 && one?.status === 200 && other?.body.value === 2
    })
  })
  after(() => shop.close())

  it('should list them, with how keys are written and whether they can be asked', async () => {
    const { status, body } = await get('/stores')
    expect(status).to.equal(200)
    const { topology, ...prices } = body.stores.find(({ name }: { name: string }) => name === 'prices')
    expect(topology).to.equal('shop')
    expect(prices).to.deep.equal({
      name: 'prices',
      kind: 'versioned',
      step: 'prices',
      keys: 'text',
      global: false,
      queryable: true,
    })
    expect(body.stores.map(({ name }: { name: string }) => name)).to.include.members([
      'names',
      'orders-per-hour',
      'orders-per-visit',
      'last-orders',
      'cents',
    ])
  })

  it('should answer for a key from the one task that has its partition, and say how old the answer is', async () => {
    const { status, body } = await get('/stores/orders-per-country/de')
    expect(status).to.equal(200)
    const { served, ...row } = body
    expect(row).to.deep.equal({
      topology: 'shop',
      store: 'orders-per-country',
      key: 'de',
      value: 2,
      timestamp: '2026-11-22T13:00:00.000Z',
    })
    expect(served).to.deep.include({ by: 'active', committed: true, lag: { records: 0, ms: 0 } })
    expect(Object.keys(served.position)).to.have.length(1)
    expect(Object.keys(served.position)[0]).to.match(/^shop-orders-per-country-repartition\/\d$/)
  })

  it('should read keys in the URL as the store writes them', async () => {
    expect((await get('/stores/largest/a%2Fb%20c')).body.value.country).to.equal('fr')
    expect((await get('/stores/cents/250')).body).to.deep.include({ key: 250, value: 500 })
    const { status, body } = await get('/stores/cents/dear')
    expect([status, body.error.code]).to.deep.equal([400, 'WRONG_QUESTION'])
    expect(body.error.message).to.equal(
      'the key is none that this store may have: write it as JSON (JSON), texts in quotes',
    )
  })

  it('should tell a row as it was', async () => {
    expect((await get('/stores/prices/tea?asOf=2026-11-22T12:00:30Z')).body.value).to.equal(300)
    expect((await get(`/stores/prices/tea?asOf=${NOON + 60_000}`)).body.value).to.equal(350)
    expect((await get(`/stores/prices/tea?asOf=${NOON - 1}`)).status).to.equal(404)
    expect((await get('/stores/largest/ann?asOf=2026-11-22')).body.error.message).to.equal(
      'store "largest" keeps no history: leave asOf out',
    )
  })

  it('should tell the windows of a key that start in a span', async () => {
    const all = await get('/stores/orders-per-hour/ann')
    expect(all.body.windows).to.deep.equal([
      {
        window: { start: '2026-11-22T12:00:00.000Z', end: '2026-11-22T13:00:00.000Z' },
        value: 1,
        timestamp: '2026-11-22T12:00:00.000Z',
      },
      {
        window: { start: '2026-11-22T13:00:00.000Z', end: '2026-11-22T14:00:00.000Z' },
        value: 1,
        timestamp: '2026-11-22T13:00:00.000Z',
      },
    ])
    const later = await get('/stores/orders-per-hour/ann?from=2026-11-22T12:30:00Z')
    expect(later.body.windows).to.have.length(1)
    expect((await get('/stores/orders-per-hour/nobody')).body.windows).to.deep.equal([])
  })

  it('should tell the sessions of a key that have some of their time in a span', async () => {
    const { body } = await get(`/stores/orders-per-visit/ann?from=${NOON + HOUR}&to=2026-11-22T14:00:00Z`)
    const time = '2026-11-22T13:00:00.000Z'
    expect(body.windows).to.deep.equal([{ window: { start: time, end: time }, value: 1 }])
  })

  it('should tell a range of keys, from all partitions in one order', async () => {
    const all = await get('/stores/orders-per-country')
    expect(all.body.rows.map(({ key, value }: { key: string; value: number }) => [key, value])).to.deep.equal(
      [
        ['de', 2],
        ['fr', 1],
      ],
    )
    expect(all.body.more).to.equal(false)
    expect(all.body.served).to.have.length(3)
    expect((await get('/stores/orders-per-country?from=e')).body.rows).to.have.length(1)
    expect((await get('/stores/orders-per-country?to=de')).body.rows).to.have.length(1)
    const first = await get('/stores/orders-per-country?limit=1')
    expect([first.body.rows[0].key, first.body.rows.length, first.body.more]).to.deep.equal(['de', 1, true])
  })

  it('should tell the windows of all keys by time', async () => {
    const { body } = await get('/stores/orders-per-hour?from=2026-11-22T13:00:00Z')
    expect(body.rows.map(({ key }: { key: string }) => key)).to.deep.equal(['ann', 'a/b c'])
  })

  it('should ask all tasks for a key of a processor, and say so where several have it', async () => {
    expect((await get('/stores/last-orders/ann')).body.value).to.equal(250)
    const { status, body } = await get('/stores/last-orders/of%20all')
    expect([status, body.error.code]).to.deep.equal([409, 'AMBIGUOUS_KEY'])
    const partitions: string[] = body.error.cure.match(/\d/g)
    for (const partition of partitions) {
      expect((await get(`/stores/last-orders/of%20all?partition=${partition}`)).body.value).to.equal(250)
    }
  })

  it('should answer for a global table itself', async () => {
    const { body } = await get('/stores/names/de')
    expect(body).to.deep.include({ key: 'de', value: 'Germany' })
    expect(body.served.by).to.equal('global')
  })

  for (const [path, status, code] of [
    ['/stores/nothing', 404, 'UNKNOWN_STORE'],
    ['/stores/nothing/key', 404, 'UNKNOWN_STORE'],
    ['/stores/largest/key?topology=other', 404, 'UNKNOWN_STORE'],
    ['/stores/largest/nobody', 404, 'UNKNOWN_KEY'],
    ['/stores/largest/ann?partition=17', 404, 'UNKNOWN_PARTITION'],
    ['/stores/largest?limit=0', 400, 'WRONG_PARAMETER'],
    ['/stores/largest?limit=1001', 400, 'WRONG_PARAMETER'],
    ['/stores/largest?limit=1&limit=2', 400, 'WRONG_PARAMETER'],
    ['/stores/largest?form=a', 400, 'WRONG_PARAMETER'],
    ['/stores/largest/ann?stale=maybe', 400, 'WRONG_PARAMETER'],
    ['/stores/orders-per-hour/ann?from=yesterday', 400, 'WRONG_QUESTION'],
    ['/internal/stores/largest?task=0_0', 400, 'WRONG_PARAMETER'],
    ['/nowhere', 404, 'UNKNOWN_ROUTE'],
  ] as const) {
    it(`should answer ${status} ${code} to ${path}, with a cure`, async () => {
      const got = await get(path)
      expect([got.status, got.body.error.code]).to.deep.equal([status, code])
      expect(got.body.error.message).to.be.a('string').that.is.not.empty
      expect(got.body.error.cure).to.be.a('string').that.is.not.empty
    })
  }
})
