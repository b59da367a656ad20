import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { BrokerHarness, numbered, record } from '../../conformance/broker-harness.ts'
import { failureOf } from '../../conformance/failure-of.ts'
import { logFolder } from './log-folder.ts'
import { type Owner, startOwner } from './owner.ts'

describe('owner of the embedded log', () => {
  const root = logFolder()
  let dirs = 0
  let dir: string
  let owner: Owner | undefined
  const brokers: EmbeddedBroker[] = []

  beforeEach(() => {
    dir = join(root, String(++dirs))
  })
  afterEach(async () => {
    for (const broker of brokers.splice(0)) await broker.close()
    await owner?.kill()
    owner = undefined
  })

  const open = async (of = dir) => {
    const broker = await openEmbeddedBroker({ dir: of })
    brokers.push(broker)
    return new BrokerHarness(broker)
  }
  const ownerPid = (of = dir) => JSON.parse(readFileSync(join(of, 'owner.json'), 'utf8')).pid as number

  it('should leave the log to one who is connected, when it is killed', async () => {
    owner = await startOwner(dir)
    const harness = await open()
    const topic = await harness.topic()
    const { seen, consumer } = await harness.consume({ group: 'g', topics: [topic] })
    await harness.produce(numbered(topic, 3))
    await seen.until(({ records }) => records.length === 3)
    await consumer.commit(seen.generation, [{ topic, partition: 0, offset: 2 }])
    const producer = await harness.broker.producer({})
    await owner.kill()
    await producer.send([record(topic, 'after')])
    expect(ownerPid()).to.equal(process.pid)
    await seen.until(({ values }) => values.includes('after'))
    await harness.stopConsumers()
    expect(seen.events.filter((event) => event !== 'batch')).to.deep.equal([
      'assigned',
      'revoked',
      'assigned',
    ])
    expect(seen.assignments[1]!.positions).to.deep.equal([{ topic, partition: 0, offset: 2 }])
    expect(seen.values.slice(3)).to.deep.equal(['2', 'after'])
  })

  it('should leave the log to one who is connected, when it closes it', async () => {
    const first = await open()
    const topic = await first.topic()
    const second = await open()
    await first.produce(numbered(topic, 5))
    await first.broker.close()
    expect(await second.readAll(topic)).to.have.length(5)
    await second.produce([record(topic, 'more')])
    expect(await second.readAll(topic)).to.have.length(6)
  })

  it('should let a commit of before the takeover be void', async () => {
    owner = await startOwner(dir)
    const harness = await open()
    const topic = await harness.topic()
    const { seen, consumer } = await harness.consume({ group: 'g', topics: [topic] })
    await seen.until(({ assignments }) => assignments.length === 1)
    const old = seen.generation
    await owner.kill()
    await seen.until(({ assignments }) => assignments.length === 2)
    const error = await failureOf(consumer.commit(old, [{ topic, partition: 0, offset: 0 }]))
    expect(error.code).to.equal('FENCED')
    await harness.stopConsumers()
  })

  it('should be followed by who comes when nobody is connected, whatever a killed one has left', async () => {
    owner = await startOwner(dir)
    await owner.kill()
    expect(readdirSync(dir).some((name) => name.endsWith('.sock'))).to.equal(true)
    const harness = await open()
    expect(ownerPid()).to.equal(process.pid)
    const topic = await harness.topic()
    await harness.produce(numbered(topic, 1))
    expect(readdirSync(dir).filter((name) => name.endsWith('.sock'))).to.have.length(1)
  })

  it('should be found past a lock file that says nothing', async () => {
    writeFileSync(join(root, 'unrelated'), '')
    await (await open()).broker.close()
    brokers.length = 0
    for (const nonsense of ['', '{', '{"pid":1}', '{"pid":1,"socket":"/nowhere/x.sock","since":"?"}']) {
      writeFileSync(join(dir, 'owner.json'), nonsense)
      const harness = await open()
      expect(ownerPid()).to.equal(process.pid)
      await harness.broker.close()
    }
  })

  it('should leave nothing behind when it closes the log', async () => {
    const harness = await open()
    await harness.broker.close()
    expect(readdirSync(dir)).to.deep.equal(['log'])
  })

  it('should not be taken for the owner of a copy', async () => {
    const original = await open()
    const topic = await original.topic()
    const copy = join(root, 'copy')
    await original.broker.close()
    const again = await open()
    cpSync(join(dir, 'log'), join(copy, 'log'), { recursive: true })
    cpSync(join(dir, 'owner.json'), join(copy, 'owner.json'))
    const other = await open(copy)
    await other.produce(numbered(topic, 1))
    expect(await again.readAll(topic)).to.deep.equal([])
  })

  it('should be there for this user alone', async () => {
    await open()
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect(mode(dir)).to.equal('700')
    expect(mode(JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8')).socket)).to.equal('600')
  })

  it('should be named when it does not answer', async () => {
    owner = await startOwner(dir)
    process.kill(owner.pid, 'SIGSTOP')
    const error = await failureOf(openEmbeddedBroker({ dir, timing: { connect: 100, greeting: 200 } }))
    process.kill(owner.pid, 'SIGCONT')
    expect(error.code).to.equal('UNREACHABLE')
    expect(error.message).to.include(`process ${owner.pid}`)
  })

  it('should serve from a folder whose path is too long for a socket', async () => {
    dir = join(root, 'long'.repeat(30))
    owner = await startOwner(dir)
    const harness = await open()
    const topic = await harness.topic()
    await harness.produce(numbered(topic, 2))
    expect(await harness.readAll(topic)).to.have.length(2)
  })
})
