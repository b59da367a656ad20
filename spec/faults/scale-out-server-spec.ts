import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { SILENT } from '../../lib/log.ts'
import { endsOf, reached } from '../../lib/runtime/caught-up.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { uniqueName } from '../conformance/broker-harness.ts'
import { consumeCommitted } from '../support/console-consumer.ts'
import { servers } from '../support/servers.ts'
import { Member } from './scale-out/member.ts'
import { click, counted, names, PARTITIONS, said } from './scale-out/workload.ts'
import { rowRecords } from './support/row-records.ts'

/** A group waits for a silent member for so long: the least that Kafka allows. Milliseconds. */
const SESSION = 6000
/** What a change of the group may take beyond that. */
const ALLOWED = SESSION + 10_000

describe('scale out', function () {
  this.timeout(300_000)
  const run = uniqueName('scale')
  const root = mkdtempSync(join(tmpdir(), 'millrace-scale-out-'))
  const members = new Map<string, Member>()
  const records = rowRecords() * 3
  let broker: Broker
  let written = 0

  before(async () => {
    broker = kafkaBroker({ brokers: servers().kafkaBrokers.split(',') })
    const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
    for (const resource of resourcesOf(said(run), names(run).application, environment))
      await resource.create()
  })
  after(async () => {
    await Promise.all([...members.values()].map((member) => member.kill()))
    await broker.close()
    rmSync(root, { recursive: true })
  })

  it('should divide twelve tasks among three workers, each followed by another one', async () => {
    await write(records / 3)
    for (const name of ['a', 'b', 'c']) begin(name)
    await divided()
    await workedOff()
    await followed()
    for (const { active, standbys } of members.values()) {
      expect([active.length, standbys.length]).to.deep.equal([4, 4])
    }
  })

  it('should own every partition again soon after a worker is killed, restoring nothing that a standby holds', async () => {
    const victim = members.get('c')!
    const lost = victim.active
    const others = [...members.values()].filter((member) => member !== victim)
    const followers = new Map(lost.map((task) => [task, others.find((one) => one.standbys.includes(task))!]))
    const before = victim.written
    await write(records / 3)
    await victim.until(() => victim.written > before + 100)
    const unread = (await totalOf([names(run).clicks])) - (await committed())
    expect(unread, 'work in flight').to.be.above(0)
    const seconds = since()
    for (const other of others) other.restored.length = 0
    members.delete('c')
    await victim.kill()
    await divided()
    const took = seconds()
    const changelog = await broker.admin.offsets(`${names(run).application}-per-key-changelog`)
    for (const [task, follower] of followers) {
      expect(follower.active, `${task} goes to its standby`).to.include(task)
      const restored = follower.restored.find((one) => one.task === task)!
      const { end } = changelog.find(({ partition }) => task === `0_${partition}`)!
      expect(restored.checkpoint).to.be.above(0)
      expect(restored.entries, `${task} of ${end}`).to.be.below(end / 4)
    }
    const read = [...followers].map(([task, one]) => one.restored.find((it) => it.task === task)!.entries)
    console.log(`      killed: every partition owned again after ${took.toFixed(1)} s`)
    console.log(`      taken over by standbys: ${lost.join(' ')}; records read for it: ${read.join(' ')}`)
    expect(took * 1000).to.be.below(ALLOWED)
    await workedOff()
    await followed()
  })

  it('should give a new worker its part, and take nothing else from those that stay', async () => {
    const before = [...members.values()].map(({ name, active }) => [name, active] as const)
    const seconds = since()
    begin('d')
    await divided()
    const took = seconds()
    console.log(`      added: every partition owned after ${took.toFixed(1)} s`)
    expect(took * 1000).to.be.below(ALLOWED)
    for (const [name, active] of before) {
      const now = members.get(name)!.active
      expect(now).to.have.length(4)
      for (const task of now) expect(active).to.include(task)
    }
    expect(members.get('d')!.active).to.have.length(4)
  })

  it('should have counted everything, once', async () => {
    await write(records / 3)
    await workedOff()
    const counts = new Map<string, number>()
    for (const { key, value } of await consumeCommitted(servers().kafkaBrokers, names(run).counts)) {
      if (key !== null) counts.set(String(key), Math.max(counts.get(String(key)) ?? 0, Number(String(value))))
    }
    expect([...counts].sort()).to.deep.equal([...counted(written)].sort())
  })

  function begin(name: string): void {
    const place = { kafka: servers().kafkaBrokers, session: SESSION }
    members.set(name, new Member(name, { run, place, stateDir: join(root, name), standbys: 1 }))
  }

  async function write(number: number): Promise<void> {
    const producer = await broker.producer({})
    await producer.send(Array.from({ length: number }, (_, index) => click(run, written + index)))
    await producer.close()
    written += number
  }

  /** Until every task has one owner among those that live, and everyone has its even part. */
  async function divided(): Promise<void> {
    const even = PARTITIONS / members.size
    await Promise.all([...members.values()].map((one) => one.until(() => one.active.length === even)))
    const all = [...members.values()].flatMap(({ active }) => active)
    expect(new Set(all).size).to.equal(PARTITIONS)
  }

  /** Until the standbys have read all that there is. */
  async function followed(): Promise<void> {
    await Promise.all(
      [...members.values()].map((one) => one.until(() => one.lag === 0 && one.standbys.length > 0)),
    )
  }

  async function workedOff(): Promise<void> {
    const ends = await endsOf(broker.admin, [names(run).clicks])
    await reached(broker.admin, names(run).application, ends, AbortSignal.timeout(120_000))
  }

  async function totalOf(topics: readonly string[]): Promise<number> {
    return [...(await endsOf(broker.admin, topics)).values()].reduce((sum, end) => sum + end, 0)
  }

  async function committed(): Promise<number> {
    const positions = await broker.admin.committed(names(run).application, [names(run).clicks])
    return positions.reduce((sum, { offset }) => sum + offset, 0)
  }
})

function since(): () => number {
  const begun = performance.now()
  return () => (performance.now() - begun) / 1000
}
