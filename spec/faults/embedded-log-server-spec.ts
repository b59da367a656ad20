import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { until } from '../support/until.ts'
import { Cast, ROLES, type Role } from './embedded/cast.ts'
import { type Line, readJournal } from './embedded/journal.ts'
import { type Kill, killPlan, type Target } from './embedded/plan.ts'
import { GROUP, PARTITIONS, RECORDS, SENT_AT_ONCE, TOPIC } from './embedded/workload.ts'

/** How far the consumers may be behind the producer when a process is killed, and how far it goes on meanwhile. */
const CONSUMERS_BEHIND = 20_000
const WRITTEN_AT_KILL = 8000
const CONSUMERS = ROLES.filter((role) => role.startsWith('consumer'))

describe('embedded log under kill -9', () => {
  const root = logFolder()
  const dir = join(root, 'log')
  const path = join(root, 'journal')
  const cast = new Cast(dir, path)
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))
  let broker: EmbeddedBroker
  let lines: Line[]
  const killed: string[] = []
  /** By partition, the numbers of the records in the order of their offsets. */
  const held: number[][] = []

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    await cast.start('standby')
    broker = await openEmbeddedBroker({ dir })
    await broker.admin.createTopic({ topic: TOPIC, partitions: PARTITIONS })
    await broker.close()
    await Promise.all(ROLES.filter((role) => role !== 'standby').map((role) => cast.start(role)))
    for (const kill of killPlan(seed)) killed.push(await carryOut(kill))
    cast.allow(RECORDS)
    console.log(`      killed: ${killed.join(', ')}`)
    await cast.until(() => cast.acknowledged === RECORDS)
    broker = await openEmbeddedBroker({ dir })
    await until('all is committed', caughtUp)
    await cast.killAll()
    const journal = readJournal(path)
    lines = journal.lines
    expect(journal.torn).to.be.at.most(20)
    for (let partition = 0; partition < PARTITIONS; partition++) held.push(await numbersIn(partition))
  })
  after(async () => {
    await cast.killAll()
    await broker?.close()
  })

  it('should have killed twenty processes at work, owners of the log among them', () => {
    expect(killed).to.have.length(20)
    expect(killed.filter((name) => name.startsWith('owner')).length).to.be.at.least(8)
  })

  it('should hold every record', () => {
    const all = held.flat()
    expect(new Set(all).size).to.equal(RECORDS)
    console.log(`      ${all.length - RECORDS} records are there twice`)
    // What one unacknowledged request holds, for each time that owner or producer were killed.
    expect(all.length - RECORDS).to.be.at.most(20 * SENT_AT_ONCE)
  })

  it('should hold every partition in the order of writing', () => {
    expect(held.flatMap(outOfOrder)).to.deep.equal([])
  })

  it('should have shown each consumer every offset in turn, and at every offset the same record', () => {
    const next = new Map<string, number>()
    const seen = held.map((numbers) => new Uint8Array(numbers.length))
    for (const line of lines) {
      if (line.kind === 'assigned') next.set(`${line.life}/${line.partition}`, line.offset)
      if (line.kind !== 'batch') continue
      for (const [i, offset] of line.offsets.entries()) {
        const name = `${line.life}/${line.partition}`
        if (offset !== next.get(name)) expect(offset).to.equal(next.get(name), name)
        next.set(name, offset + 1)
        const number = held[line.partition]![offset]
        if (line.numbers[i] !== number)
          expect(line.numbers[i]).to.equal(number, `${line.partition}/${offset}`)
        seen[line.partition]![offset] = 1
      }
    }
    for (const offsets of seen) expect(offsets.includes(0)).to.equal(false)
  })

  it('should never have let a committed position go back', () => {
    const committed = new Map<number, number>()
    /** Where an assignment began, and what had been committed before. One that a killed owner did not serve is void. */
    const begun = new Map<string, { offset: number; committed: number }>()
    let assignments = 0
    for (const line of lines) {
      if (line.kind === 'acknowledged') continue
      const before = committed.get(line.partition) ?? 0
      if (line.kind === 'assigned') {
        begun.set(`${line.life}/${line.partition}`, { offset: line.offset, committed: before })
        assignments++
      } else if (line.kind === 'batch') {
        const begin = begun.get(`${line.life}/${line.partition}`)
        expect(begin?.offset).to.be.at.least(begin!.committed)
      } else committed.set(line.partition, Math.max(line.offset, before))
    }
    // Owners and consumers were killed fourteen times; every time all partitions were given out anew.
    expect(assignments).to.be.at.least(10 * PARTITIONS)
  })

  /** The producer waits at the point of the kill for the consumers, and is set going again to be killed at work. */
  async function carryOut({ target, at, which }: Kill): Promise<string> {
    cast.allow(at)
    await cast.until(() => cast.acknowledged >= at && cast.consumed >= at - CONSUMERS_BEHIND)
    cast.allow(at + WRITTEN_AT_KILL)
    await cast.until(() => cast.acknowledged > at)
    const role = await roleOf(target, which)
    await cast.kill(role)
    await cast.start(role)
    return target === 'owner' ? `owner (${role})` : role
  }

  async function roleOf(target: Target, which: number): Promise<Role> {
    if (target === 'producer') return target
    if (target === 'consumer') return CONSUMERS[Math.floor(which * CONSUMERS.length)]!
    await until('the log has an owner', () => cast.owner() !== undefined)
    return cast.owner()!
  }

  async function caughtUp(): Promise<boolean> {
    const ends = await broker.admin.offsets(TOPIC)
    const positions = new Map(
      (await broker.admin.committed(GROUP, [TOPIC])).map(({ partition, offset }) => [partition, offset]),
    )
    return ends.every(({ partition, end }) => positions.get(partition) === end)
  }

  async function numbersIn(partition: number): Promise<number[]> {
    const { earliest, end } = (await broker.admin.offsets(TOPIC))[partition]!
    expect(earliest).to.equal(0)
    const numbers: number[] = []
    for await (const { records } of broker.read([{ topic: TOPIC, partition, from: 0, to: end }])) {
      for (const { offset, value } of records) {
        expect(offset).to.equal(numbers.length)
        numbers.push(Number.parseInt(value!.toString('latin1', 0, 10), 10))
      }
    }
    expect(numbers).to.have.length(end)
    return numbers
  }
})

/** Where a partition goes on neither with the next number nor, once more, with those of an unacknowledged request. */
function outOfOrder(numbers: readonly number[], partition: number): string[] {
  const faults: string[] = []
  let previous = partition - PARTITIONS
  let newest = previous
  for (const number of numbers) {
    const again = number <= previous && number > newest - SENT_AT_ONCE && number % PARTITIONS === partition
    if (number !== previous + PARTITIONS && !again) faults.push(`${partition}: ${number} after ${previous}`)
    previous = number
    newest = Math.max(newest, number)
  }
  return faults
}
