import { expect } from 'chai'
import { type RandomUserServer, startRandomUserServer } from '../../connectors/http/random-user-server.ts'
import { type KafkaZookeeper, startKafkaZookeeper } from '../../services/kafka-zookeeper.ts'
import { zookeeperAnswers } from '../../services/zookeeper.ts'
import { Hop } from '../faults/hop.ts'
import { lagOf, membersOf } from '../support/group.ts'
import { kafkaTool } from '../support/kafka-tool.ts'
import { millrace } from '../support/millrace.ts'
import { type PipelineServers, startPipelineServersOn } from '../support/pipeline-servers.ts'
import { expectedRows } from './expected-rows.ts'
import { differences, storedRows } from './stored-rows.ts'

const PAGE = 250

describe('the user-insights pipeline on Kafka 3.9 with ZooKeeper', () => {
  let stage: PipelineServers<KafkaZookeeper>
  let api: RandomUserServer
  let env: Record<string, string>
  let members: { before: string[]; after: string[] }
  const hops: Hop[] = []

  before(async () => {
    stage = await startPipelineServersOn(startKafkaZookeeper)
    api = await startRandomUserServer()
    env = { ...stage.env, RANDOM_USER_URL: api.url, RANDOM_USER_RESULTS: String(PAGE) }
    await millrace(['apply'], env)
  })

  after(async () => {
    await Promise.all(hops.map((hop) => hop.clear()))
    await api?.close()
    await stage?.stop()
  })

  it('should carry users through while ZooKeeper is killed, gone, and started again', async () => {
    const capture = hop(['capture'])
    const worker = hop(['run', 'topologies/user-insights.ts'])
    await ingest()
    await worker.until('the first page is stored', () => stored(PAGE))
    const before = await membersOf('user-insights', stage.kafka.address)

    // Its records are on their way through Kafka when ZooKeeper dies.
    await ingest()
    await stage.kafka.zookeeper.kill()
    expect(await zookeeperAnswers(stage.options.kafka.internalPort!)).to.equal(false)
    await ingest()
    await worker.until('pages are stored without ZooKeeper', () => stored(3 * PAGE))
    await stage.kafka.zookeeper.start()
    await ingest()
    await worker.until('a page is stored after its restart', () => stored(4 * PAGE))

    members = { before, after: await membersOf('user-insights', stage.kafka.address) }
    for (const each of [capture, worker]) {
      each.signal('SIGTERM')
      expect(await each.ended).to.deep.include({ code: 0, signal: null })
    }
  })

  it('should have kept the members of the group', () => {
    expect(members.before).to.have.lengthOf(1)
    expect(members.after).to.deep.equal(members.before)
  })

  it('should hold the rows of the plain script, all of them', async () => {
    const { usersById, usersByCountry, refused } = await expectedRows(env.DATABASE_URL!)
    expect(refused).to.deep.equal([])
    expect(usersById.size).to.equal(4 * PAGE)
    const byId = await storedRows(stage.keyspace, 'users_by_id', ['user_id'])
    expect(differences(usersById, byId, ['source'])).to.deep.equal([])
    const byCountry = await storedRows(stage.keyspace, 'users_by_country', ['country_code', 'user_id'])
    expect(differences(usersByCountry, byCountry)).to.deep.equal([])
  })

  it('should leave lag 0, says the consumer group tool of Kafka', async () => {
    const group = await lagOf('user-insights', stage.kafka.address)
    const positions = group.filter(({ topic }) => topic === 'users.raw')
    expect(positions.map(({ lag }) => lag)).to.deep.equal([0, 0, 0, 0])
  })

  it('should verify', async () => {
    expect(await millrace(['verify'], env)).to.contain('verified: every hop holds what it should')
  })

  it('should create topics again, for which the controller needs ZooKeeper', async () => {
    const at = ['--bootstrap-server', stage.kafka.address]
    await kafkaTool('TopicCommand', [...at, '--create', '--topic', 'later', '--partitions', '2'])
    expect(await kafkaTool('TopicCommand', [...at, '--list'])).to.match(/^later$/m)
  })

  async function ingest(): Promise<void> {
    await millrace(['ingest', '--once'], env)
  }

  async function stored(users: number): Promise<true | undefined> {
    return (await storedRows(stage.keyspace, 'users_by_country', ['user_id'])).size >= users || undefined
  }

  function hop(args: readonly string[]): Hop {
    const started = new Hop(args, env)
    hops.push(started)
    return started
  }
})
