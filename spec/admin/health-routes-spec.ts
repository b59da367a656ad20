import { expect } from 'chai'
import { type Admin, startAdmin } from '../../lib/admin/server.ts'
import { SILENT } from '../../lib/log.ts'
import type { WorkerState, WorkerView } from '../../lib/runtime/view/worker-view.ts'
import { get, type Instance, openShop, type Shop } from './shop.ts'

describe('health over HTTP', function () {
  this.timeout(60_000)
  let shop: Shop
  let instance: Instance
  before(async () => {
    shop = await openShop()
    instance = await shop.open()
  })
  after(() => shop.close())

  it('should be ready while every topology is assigned and restored, and live', async () => {
    const workers = [{ topology: 'shop', state: 'running' }]
    expect(await instance.get('/ready')).to.deep.equal({ status: 200, body: { status: 'ready', workers } })
    expect(await instance.get('/live')).to.deep.equal({ status: 200, body: { status: 'live', workers } })
  })

  it('should no longer be ready when it has been stopped', async () => {
    await instance.worker.stop()
    const workers = [{ topology: 'shop', state: 'stopped' }]
    expect(await instance.get('/ready')).to.deep.equal({
      status: 503,
      body: { status: 'not ready', workers },
    })
  })

  describe('of a worker', () => {
    const admins: Admin[] = []
    after(() => Promise.all(admins.map((admin) => admin.close())))

    const healthOf = async (status: () => Promise<unknown>) => {
      const admin = await startAdmin({ port: 0, topologies: ['one'], log: SILENT, patience: 50 })
      admins.push(admin)
      admin.add({ topology: 'one', application: 'one', view: { status } as unknown as WorkerView })
      const [live, ready] = await Promise.all([get(`${admin.url}/live`), get(`${admin.url}/ready`)])
      return { live: live.status, ready: ready.status, state: live.body.workers[0].state as WorkerState }
    }

    for (const [state, live, ready] of [
      ['starting', 200, 503],
      ['rebalancing', 200, 503],
      ['restoring', 200, 503],
      ['running', 200, 200],
      ['stopped', 200, 503],
      ['failed', 503, 503],
    ] as const) {
      it(`that is ${state} should be ${live} live, ${ready} ready`, async () => {
        expect(await healthOf(async () => ({ state }))).to.deep.equal({ live, ready, state })
      })
    }

    it('that is gone should be neither', async () => {
      const health = await healthOf(() => Promise.reject(new Error('the thread has ended')))
      expect(health).to.deep.equal({ live: 503, ready: 503, state: 'stuck' })
    })

    it('that does not answer should be neither', async () => {
      const health = await healthOf(() => new Promise(() => {}))
      expect(health).to.deep.equal({ live: 503, ready: 503, state: 'stuck' })
    })
  })

  it('should be live and not ready before its workers have been made', async () => {
    const admin = await startAdmin({ port: 0, topologies: ['shop'], log: SILENT })
    try {
      const workers = [{ topology: 'shop', state: 'starting' }]
      expect(await get(`${admin.url}/ready`)).to.deep.equal({
        status: 503,
        body: { status: 'not ready', workers },
      })
      expect((await get(`${admin.url}/live`)).status).to.equal(200)
    } finally {
      await admin.close()
    }
  })
})
