import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { startCassandra } from '../../services/cassandra.ts'
import { freePorts } from '../../services/ports.ts'
import type { RunningServer, StartOptions } from '../../services/server.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import {
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import { lagOf, membersOf } from '../support/group.ts'
import { type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { readBytes, residentBytes } from '../support/process-memory.ts'
import { servers } from '../support/servers.ts'
import { makeServersDirectory } from '../support/spec-servers.ts'
import { until } from '../support/until.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { isFull, rowRecords } from './support/row-records.ts'

const rows = fileURLToPath(new URL('topologies/rows.ts', import.meta.url))
const name = `outage-${randomBytes(4).toString('hex')}`
const OUTAGE_MS = isFull() ? 60_000 : 10_000
const PARTITIONS = 4
const MIB = 1 << 20

const PADDING = 16 * 1024
/** 125 MiB or more, sent when Cassandra is away: a worker that went on reading would show it. */
const BACKLOG = Math.max(8_000, rowRecords() - 2_000)
/** Per partition the credit of 4 MiB, what may arrive after the pause, and room for both to wait for the collector. */
const BOUND = PARTITIONS * 16 * MIB

describe('fault row 7: Cassandra is killed, and away for a while', function () {
  this.timeout(600_000)
  let dir: string
  let options: StartOptions
  let cassandra: RunningServer
  let keyspace: SpecKeyspace
  let environment: SpecEnvironment
  let worker: MillraceProcess
  let sent = 0

  const peak = new PeakMemory()
  let backAt = 0
  let recoverySeconds = 0
  let members: string[]
  let calm = { memory: 0, read: 0, committed: 0 }
  const during = { memory: [] as number[], read: 0, committed: 0, members: [] as string[] }

  before(async () => {
    dir = await makeServersDirectory()
    const [port, internalPort] = await freePorts(2)
    options = { dir, port, internalPort }
    cassandra = await startCassandra(options)
    keyspace = await openKeyspace(cassandra.address)
    environment = specEnvironment()
    const variables = {
      SPEC_TOPOLOGY: name,
      KAFKA_BROKERS: servers().kafkaBrokers,
      ...cassandra.env,
      CASSANDRA_KEYSPACE: keyspace.name,
    }
    await millrace(['apply', rows], variables)
    worker = startMillrace(['run', rows], variables)
    peak.watch(worker.pid)
    await send(1_000)
    await until('the first rows are committed', async () => (await committed()) === sent)
    members = await membersOf(name)
    calm = { memory: residentBytes(worker.pid), read: readBytes(worker.pid), committed: sent }
    await stopForAWhile()
  })

  after(async () => {
    worker?.kill('SIGKILL')
    await environment?.close()
    await keyspace?.drop()
    await cassandra?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  async function stopForAWhile(): Promise<void> {
    const load = send(1_000)
    await until('it is in the middle of it', async () => (await committed()) > 1_000)
    await cassandra.kill()
    await load
    await send(BACKLOG)
    await worker.printed(/does not take writes/)
    // What was written before the kill is committed by then.
    await halfOfIt()
    during.committed = await committed()
    await halfOfIt()
    during.read = readBytes(worker.pid)
    during.members = await membersOf(name)
    expect(await committed()).to.equal(during.committed)
    cassandra = await startCassandra(options)
    backAt = Date.now()
  }

  async function halfOfIt(): Promise<void> {
    const since = Date.now()
    while (Date.now() - since < OUTAGE_MS / 2) {
      during.memory.push(residentBytes(worker.pid))
      await delay(500)
    }
  }

  async function send(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 100) await produce(environment, records(Math.min(left, 100)))
  }

  function records(count: number): OutRecord[] {
    return Array.from({ length: count }, () => {
      const n = sent++
      const value = JSON.stringify({ n, padding: 'p'.repeat(PADDING) })
      return {
        topic: `${name}-in`,
        key: Buffer.from(String(n)),
        value: Buffer.from(value),
        timestamp: 1_700_000_000_000 + n,
        headers: NO_HEADERS,
      }
    })
  }

  const committed = async () => (await committedOf(environment, name, `${name}-in`)).reduce((a, b) => a + b)

  it('should have had most of the backlog before it', () => {
    expect((sent - during.committed) * PADDING).to.be.above(100 * MIB)
  })

  it('should have stopped reading, and kept its memory flat', () => {
    const delivered = (during.committed - calm.committed) * PADDING
    expect(during.read - calm.read - delivered).to.be.below(BOUND)
    expect(Math.max(...during.memory) - calm.memory).to.be.below(BOUND)
    const half = during.memory.length / 2
    const grown = median(during.memory.slice(half)) - median(during.memory.slice(0, half))
    expect(grown).to.be.below(8 * MIB)
  })

  it('should have kept its place in the group', async () => {
    expect(members).to.have.length(1)
    expect(during.members).to.deep.equal(members)
    expect(await membersOf(name)).to.deep.equal(members)
    expect(worker.stderr.match(/"assigned"/g)).to.have.length(1)
  })

  it('should go on by itself within 15 seconds', async () => {
    await until('more is committed', async () => (await committed()) > during.committed)
    recoverySeconds = (Date.now() - backAt) / 1000
    expect(recoverySeconds).to.be.below(15)
  })

  it('should bring every row once Cassandra is back, and commit the end', async () => {
    await until('all is committed', async () => (await committed()) === sent)
    const stored = await keyspace.select<{ n: number; copied: number }>(
      `SELECT n, copied FROM ${keyspace.name}.numbers`,
    )
    const numbers = new Set(stored.map(({ n }) => n))
    const lost = Array.from({ length: sent }, (_, n) => n).filter((n) => !numbers.has(n)).length
    report({
      ...{ row: 7, fault: `Cassandra killed, back after ${OUTAGE_MS / 1000} s`, records: sent, kills: 1 },
      ...{ lost, duplicated: 0, recoverySeconds, peakMemory: peak.bytes },
    })
    expect(stored.map(({ n }) => n).toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: sent }, (_, i) => i),
    )
    expect(stored.filter(({ n, copied }) => n !== copied)).to.deep.equal([])
    expect((await lagOf(name)).map(({ committed, end }) => end - committed)).to.deep.equal([0, 0, 0, 0])
    expect(await endsOf(environment, `${name}.dlq`)).to.deep.equal([0])
  })
})

/** What one collection more or less does not change. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
