import { expect } from 'chai'
import { description } from '../../lib/index.ts'
import { type Instance, openShop, type Shop, shop as topology } from './shop.ts'

describe('the topology over HTTP', function () {
  this.timeout(60_000)
  let shop: Shop
  let instance: Instance
  before(async () => {
    shop = await openShop()
    instance = await shop.open()
  })
  after(() => shop.close())

  it('should be as described, with its tasks and where they run', async () => {
    const { body } = await instance.get('/topology')
    const [{ tasks, stores, ...shown }] = body.topologies
    expect(body.endpoint).to.equal(new URL(instance.admin.url).host)
    const { generation, ...rest } = shown
    expect(generation).to.be.greaterThan(0)
    expect(rest).to.deep.equal({
      topology: 'shop',
      application: 'shop',
      guarantee: 'at-least-once',
      states: ['running'],
      paused: [],
      description: JSON.parse(JSON.stringify(description(topology))),
    })
    expect(stores).to.have.length.greaterThan(5)
    expect(tasks.map(({ task }: { task: string }) => task).sort()).to.deep.equal(
      ['0', '1', '2', '3'].flatMap((sub) => [0, 1, 2].map((partition) => `${sub}_${partition}`)),
    )
    for (const task of tasks) expect(task.here).to.equal('active')
  })
})
