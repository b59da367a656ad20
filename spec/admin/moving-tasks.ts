import { expect } from 'chai'
import { partitionFor } from '../../lib/index.ts'
import { until } from '../support/until.ts'
import { Gate, type Instance, type Shop } from './shop.ts'

const NOON = Date.parse('2026-11-22T12:00:00Z')
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`)

/** Specs for the queries of three instances, on one broker or another. */
export function itShouldAnswerWhileTasksMove(open: () => Promise<Shop>): void {
  let shop: Shop
  let first: Instance
  let second: Instance
  const changelogs = new Gate()
  let written = 0

  before(async () => {
    shop = await open()
    first = await shop.open({ standing: 'first', standbys: 1, changelogs })
    second = await shop.open({ standing: 'second', standbys: 1 })
    await order()
    await until('owners and standbys of all users', async () => {
      const owners = await allServed(first, 'active')
      return owners && (await tasksOf(first, 'active')) > 0 && (await tasksOf(second, 'active')) > 0
    })
    await until('standbys that are as far', async () => {
      const standbys = (await served(first)).concat(await served(second))
      return standbys.length > 0 && (await allFollowed())
    })
  })
  after(async () => {
    changelogs.open()
    await shop.close()
  })

  /** One order of each user, dearer than those before. */
  const order = async () => {
    written++
    for (const user of USERS) await shop.order(user, { country: 'de', cents: written }, NOON + written)
  }
  const ask = (instance: Instance, user: string, query = '') =>
    instance.get(`/stores/largest/${user}${query}`)
  const served = async (instance: Instance, query = '') => {
    const answers = await Promise.all(USERS.map((user) => ask(instance, user, query)))
    return answers.map(({ status, body }) => ({
      status,
      by: body.served?.by,
      cents: body.value?.cents,
      body,
    }))
  }
  const allServed = async (instance: Instance, by: string) =>
    (await served(instance)).every((one) => one.by === by && one.cents === written)
  const tasksOf = async (instance: Instance, role: string) => {
    const { body } = await instance.get('/topology')
    return body.topologies[0].tasks.filter(({ here }: { here: string }) => here === role).length
  }
  /** Whether the other one of each owner has the newest rows. */
  const allFollowed = async () => {
    for (const user of USERS) {
      const path = `application=shop&role=standby&task=1_${partitionOf(user)}&key=${user}`
      const asked = [first, second].map((instance) => instance.get(`/internal/stores/largest?${path}`))
      const known = (await Promise.all(asked)).filter(({ body }) => body.outcome === 'answered')
      // One that has just been given the task does not answer yet.
      if (known.length === 0) return false
      if (known.some(({ body }) => body.rows[0]?.value.cents !== written)) return false
    }
    return (await tasksOf(first, 'standby')) + (await tasksOf(second, 'standby')) === 12
  }

  it('should be answered by the owner, whichever instance is asked, with the row alike', async () => {
    for (const user of USERS) {
      const [one, other] = await Promise.all([ask(first, user), ask(second, user)])
      expect(one.body.value).to.deep.equal(other.body.value)
      expect(one.body.served).to.deep.include({
        by: 'active',
        task: `1_${partitionOf(user)}`,
        committed: true,
      })
      const hosts = [one.body.served.endpoint, other.body.served.endpoint]
      // The one that owns it says no endpoint: it answers itself.
      expect(hosts).to.have.members([undefined, one.body.served.endpoint ?? other.body.served.endpoint])
    }
  })

  it('should tell a range from the tasks of both', async () => {
    const { body } = await first.get('/stores/largest')
    expect(body.rows.map(({ key }: { key: string }) => key)).to.deep.equal([...USERS].sort())
    expect(new Set(body.served.map(({ endpoint }: { endpoint?: string }) => endpoint)).size).to.equal(2)
  })

  it('should be answered by standbys while their owner restores, and by nobody where nothing stale is wanted', async () => {
    const before = await tasksOf(first, 'active')
    expect(before).to.be.greaterThan(0)
    changelogs.close()
    // What joins makes the group begin anew; the first one can't restore what it gets.
    const third = await shop.open({ standing: 'third', standbys: 1 })
    await until('what the first one owns is being restored', async () => {
      const answers = await served(second, '?stale=false')
      return answers.some(({ status, body }) => status === 503 && body.error.code === 'RESTORING')
    })
    await until('all are answered, some of them by a standby', async () => {
      const answers = await served(second)
      return answers.every(({ cents }) => cents === written) && answers.some(({ by }) => by === 'standby')
    })
    const strict = await served(second, '?stale=false')
    const refused = strict.filter(({ status }) => status === 503)
    expect(refused).to.have.length.greaterThan(0)
    for (const { body } of refused) expect(body.error.cure).to.match(/ask again in a moment/)
    for (const { status, by } of strict) if (status === 200) expect(by).to.equal('active')
    const ready = await first.get('/ready')
    expect([ready.status, ready.body.workers[0].state]).to.deep.equal([503, 'restoring'])
    changelogs.open()
    await until('all are answered by owners again', () => allServed(second, 'active'))
    await order()
    await until('all newest rows', () => allServed(third, 'active'))
    await third.close()
  })

  it('should be answered by a standby, with how old it is, when the owner can not be reached', async () => {
    await until('two owners again', async () => (await allServed(second, 'active')) && (await allFollowed()))
    await first.admin.close()
    const answers = await served(second)
    const standing = answers.filter(({ by }) => by === 'standby')
    expect(standing).to.have.length.greaterThan(0)
    for (const { cents, body } of standing) {
      expect(cents).to.equal(written)
      expect(body.served.lag).to.have.keys('records', 'ms')
      expect(Object.keys(body.served.position)).to.include.members([
        `shop-largest-changelog/${body.served.task.split('_')[1]}`,
      ])
    }
    const strict = await served(second, '?stale=false')
    const refused = strict.filter(({ status }) => status === 503)
    expect(refused).to.have.length(standing.length)
    for (const { body } of refused) {
      expect(body.error.code).to.equal('UNREACHABLE')
      expect(body.tried.join()).to.match(/ECONNREFUSED/)
    }
  })
}

function partitionOf(user: string): number {
  return partitionFor(Buffer.from(user), 3)
}
