import { expect } from 'chai'
import { askTask, type TaskQuestion } from '../../lib/admin/ask-task.ts'
import { Peers } from '../../lib/admin/peers.ts'
import { type Admin, startAdmin } from '../../lib/admin/server.ts'
import { Workers } from '../../lib/admin/workers.ts'
import type { TaskOwner } from '../../lib/broker/broker.ts'
import { SILENT } from '../../lib/log.ts'
import type { StoreAnswer, StoreQuery, WorkerView } from '../../lib/runtime/view/worker-view.ts'

const TOKEN = 'as-long-as-a-token-has-to-be'
const question: TaskQuestion = {
  application: 'app',
  store: 'counts',
  task: '0_0',
  stale: true,
  ask: { key: 'a/b ü', limit: 1 },
}

/** What an instance has: a task as its owner, or as one who follows it. */
type Has = Partial<Record<StoreQuery['from'], StoreAnswer['outcome']>>

describe('a task, asked of whoever has it', () => {
  const admins: Admin[] = []
  const queries: string[] = []
  afterEach(async () => {
    queries.splice(0)
    await Promise.all(admins.splice(0).map((admin) => admin.close()))
  })

  const viewOf = (name: string, has: Has, owners: readonly TaskOwner[] = []): WorkerView => {
    const query = async (asked: StoreQuery): Promise<StoreAnswer> => {
      queries.push(`${name} ${asked.from} ${asked.ask.key}`)
      const outcome = has[asked.from] ?? 'elsewhere'
      const rows = [{ key: name, value: 1, timestamp: undefined, order: '' }]
      const lag = { records: 0, ms: 0 }
      const served = { task: '0_0', role: asked.from, lag, position: {}, committed: true }
      if (outcome === 'answered') return { outcome, rows, more: false, served }
      return outcome === 'refused' ? { outcome, message: 'no' } : { outcome }
    }
    const status = async () => ({ application: 'app', generation: 1, owners })
    return { query, status } as unknown as WorkerView
  }

  /** Another instance, over HTTP. */
  const peer = async (name: string, has: Has, token?: string) => {
    const admin = await startAdmin({ port: 0, topologies: ['app'], log: SILENT, token })
    admins.push(admin)
    admin.add({ topology: 'app', application: 'app', view: viewOf(name, has) })
    return admin.endpoint!
  }

  const ask = async (
    here: Has,
    owners: readonly TaskOwner[],
    asked: Partial<TaskQuestion> = {},
    token?: string,
  ) => {
    const workers = new Workers(['app'])
    workers.add({ topology: 'app', application: 'app', view: viewOf('here', here, owners) })
    return askTask({ ...question, ...asked }, workers, new Peers(token))
  }
  const active = (endpoint: string | undefined): TaskOwner => ({ endpoint, active: ['0_0'], standbys: [] })
  const standby = (endpoint: string | undefined): TaskOwner => ({ endpoint, active: [], standbys: ['0_0'] })
  const nobody = 'localhost:1'

  it('should be answered here where it is', async () => {
    const answer = await ask({ active: 'answered' }, [])
    expect(answer).to.deep.include({ outcome: 'answered', endpoint: undefined })
    expect(queries).to.deep.equal(['here active a/b ü'])
  })

  it('should be answered by its owner, where that is another instance', async () => {
    const owner = await peer('owner', { active: 'answered' })
    const answer = await ask({}, [standby(nobody), active(owner)])
    expect(answer).to.deep.include({ outcome: 'answered', endpoint: owner })
    expect(queries).to.deep.equal(['here active a/b ü', 'owner active a/b ü'])
  })

  it('should be answered by a standby here before one elsewhere, when the owner is away', async () => {
    const other = await peer('other', { standby: 'answered' })
    const answer = await ask({ standby: 'answered' }, [active(nobody), standby(other)])
    expect(answer).to.deep.include({ outcome: 'answered', endpoint: undefined })
    expect(queries).to.deep.equal(['here active a/b ü', 'here standby a/b ü'])
  })

  it('should be answered by a standby elsewhere while the owner restores', async () => {
    const owner = await peer('owner', { active: 'restoring' })
    const other = await peer('other', { standby: 'answered' })
    const answer = await ask({}, [active(owner), standby(nobody), standby(other)])
    expect(answer).to.deep.include({ outcome: 'answered', endpoint: other })
  })

  it('should be answered by the owner alone where nothing stale is wanted', async () => {
    const owner = await peer('owner', { active: 'restoring' })
    const other = await peer('other', { standby: 'answered' })
    const answer = await ask({ standby: 'answered' }, [active(owner), standby(other)], { stale: false })
    expect(answer).to.deep.include({ outcome: 'none', why: 'restoring' })
    expect(queries.some((query) => query.includes('standby'))).to.equal(false)
  })

  it('should not be asked on by the instance that was asked', async () => {
    const owner = await peer('owner', {})
    const answer = await ask({}, [active(owner)])
    expect(answer).to.deep.include({ outcome: 'none', why: 'unreachable' })
    expect(queries.filter((query) => query.startsWith('owner'))).to.have.length(1)
  })

  it('should say what each instance did when none answers', async () => {
    const answer = await ask({}, [active(nobody)])
    expect(answer).to.have.property('why', 'unreachable')
    const { tried } = answer as unknown as { tried: string[] }
    expect(tried[0]).to.equal('here: elsewhere')
    expect(tried[1]).to.match(/^localhost:1: .*ECONNREFUSED/)
  })

  it('should say so when the instance that has it tells no address', async () => {
    expect(await ask({}, [active(undefined)])).to.deep.include({ outcome: 'none', why: 'no-endpoint' })
  })

  it('should be refused once and for all where the question is wrong', async () => {
    const owner = await peer('owner', { active: 'refused' })
    expect(await ask({}, [active(owner), standby(nobody)])).to.deep.equal({
      outcome: 'refused',
      message: 'no',
    })
  })

  it('should be asked with the token that all instances share', async () => {
    const owner = await peer('owner', { active: 'answered' }, TOKEN)
    expect(await ask({}, [active(owner)], {}, TOKEN)).to.deep.include({ outcome: 'answered' })
    const { tried } = (await ask({}, [active(owner)])) as unknown as { tried: string[] }
    expect(tried[1]).to.match(/it answers 401: all instances need the same MILLRACE_ADMIN_TOKEN$/)
  })

  for (const endpoint of ['nowhere', 'http://a:1', 'user@a:1', 'a:1/path', 'a:0', 'a:1?b']) {
    it(`should not be asked of "${endpoint}", which is no host:port`, async () => {
      const { tried } = (await ask({}, [active(endpoint)])) as unknown as { tried: string[] }
      expect(tried[1]).to.equal(`${endpoint}: it advertises no host:port`)
    })
  }
})
