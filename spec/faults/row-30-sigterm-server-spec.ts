import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { openKeyspace, type SpecKeyspace } from '../connectors/cassandra/keyspace.ts'
import { consumeWholeTopic, type ShownRecord } from '../support/console-consumer.ts'
import {
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../support/environment.ts'
import { lagOf, membersOf } from '../support/group.ts'
import { type Ended, type MillraceProcess, millrace, startMillrace } from '../support/millrace.ts'
import { servers } from '../support/servers.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'
import { CLEAN, judge, type Numbered } from './support/judge.ts'
import { PeakMemory } from './support/peak-memory.ts'
import { report } from './support/report.ts'
import { rowRecords } from './support/row-records.ts'

const copy = fileURLToPath(new URL('topologies/copy.ts', import.meta.url))
const rows = fileURLToPath(new URL('topologies/rows.ts', import.meta.url))
/** At batches of 50, more than it delivers before the signal arrives. */
const RECORDS = Math.max(40_000, rowRecords())
const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const

/** How long a hanging sink is waited for, without a second signal. */
const DRAINED_AFTER_MS = 6_000

const uniqueName = () => `shutdown-${randomBytes(4).toString('hex')}`

function numbered(topic: string, count: number): OutRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    topic,
    key: Buffer.from(String(n)),
    value: Buffer.from(JSON.stringify({ n, padding: '' })),
    timestamp: 1_700_000_000_000 + n,
    headers: NO_HEADERS,
  }))
}

/** Milliseconds until it has ended, and how. */
async function timed(worker: MillraceProcess): Promise<Ended & { took: number }> {
  const since = performance.now()
  const ended = await worker.ended
  return { ...ended, took: performance.now() - since }
}

describe('fault row 30: a worker that is told to stop', () => {
  let environment: SpecEnvironment
  const variables = (name: string) => ({
    SPEC_TOPOLOGY: name,
    KAFKA_BROKERS: servers().kafkaBrokers,
    MILLRACE_LOG: 'info',
  })
  before(() => {
    environment = specEnvironment()
  })
  after(() => environment.close())

  describe('under load', () => {
    const name = uniqueName()
    const memory = new PeakMemory()
    let ended: Ended & { took: number }

    before(async () => {
      await millrace(['apply', copy], variables(name))
      await produce(environment, numbered(`${name}-in`, RECORDS))
      const worker = startMillrace(['run', copy, '--batch-records', '50'], variables(name))
      await until(
        'some of it is delivered',
        async () => sum(await endsOf(environment, `${name}-out`)) > 2_000,
      )
      memory.watch(worker.pid)
      worker.kill('SIGTERM')
      ended = await timed(worker)
    })

    it('should drain and exit with 0 within ten seconds', () => {
      expect(ended, ended.stderr).to.include({ code: 0, signal: null })
      expect(ended.took).to.be.below(10_000)
    })

    it('should have committed exactly what it delivered, in the middle of the load, and have left the group', async () => {
      const lag = await lagOf(name)
      const committed = lag
        .toSorted((a, b) => a.partition - b.partition)
        .map((partition) => partition.committed)
      expect(sum(committed)).to.be.within(2_000, RECORDS - 1)
      expect(await endsOf(environment, `${name}-out`)).to.deep.equal(committed)
      expect(await membersOf(name)).to.deep.equal([])
    })

    it('should go on there: every record delivered once, in order', async () => {
      await millrace(['run', copy, '--until-caught-up'], variables(name))
      const verdict = judge(
        (await consumeWholeTopic(servers().kafkaBrokers, `${name}-in`)).map(numberIn),
        (await consumeWholeTopic(servers().kafkaBrokers, `${name}-out`)).map(numberIn),
      )
      report({
        ...{
          row: 30,
          fault: 'SIGTERM under load (recovery: until it has ended)',
          records: RECORDS,
          kills: 1,
        },
        ...{ lost: verdict.lost.length, duplicated: verdict.duplicated.length },
        ...{ recoverySeconds: ended.took / 1000, peakMemory: memory.bytes },
      })
      expect(verdict).to.deep.equal(CLEAN)
    })
  })

  describe('while its sink hangs', () => {
    let keyspace: SpecKeyspace
    let proxy: TcpProxy
    before(async () => {
      keyspace = await openKeyspace()
    })
    after(() => keyspace.drop())
    beforeEach(async () => {
      proxy = new TcpProxy(servers().cassandraContactPoints)
      await proxy.listen()
    })
    afterEach(() => proxy.close())

    const withSink = (name: string, contactPoints: string) => ({
      ...variables(name),
      CASSANDRA_CONTACT_POINTS: contactPoints,
      CASSANDRA_LOCAL_DC: servers().cassandraDatacenter,
      CASSANDRA_KEYSPACE: keyspace.name,
    })

    /** A worker that has written some rows, and whose next rows get no answer. */
    async function hanging(name: string): Promise<MillraceProcess> {
      await millrace(['apply', rows], withSink(name, servers().cassandraContactPoints))
      await produce(environment, numbered(`${name}-in`, 400))
      const worker = startMillrace(['run', rows], withSink(name, proxy.address))
      await until('the first rows are there', async () => (await stored()) > 0)
      await until(
        'they are committed',
        async () => sum(await committedOf(environment, name, `${name}-in`)) === 400,
      )
      proxy.silence()
      await produce(environment, numbered(`${name}-in`, 400))
      await until('rows are sent and get no answer', () => proxy.swallowed > 1_000)
      return worker
    }
    const stored = async () =>
      (await keyspace.select<{ n: number }>(`SELECT n FROM ${keyspace.name}.numbers`)).length

    it('should give up what is in hand, leave it uncommitted, and end within ten seconds', async () => {
      const name = uniqueName()
      const worker = await hanging(name)
      worker.kill('SIGTERM')
      const ended = await timed(worker)
      expect(ended, ended.stderr).to.include({ code: 0, signal: null })
      expect(ended.took).to.be.below(10_000)
      expect(sum((await lagOf(name)).map(({ committed }) => committed))).to.equal(400)
      expect(await membersOf(name)).to.deep.equal([])
    })

    for (const [signal, code] of SIGNALS) {
      it(`should exit with ${code} at once by a second ${signal}`, async () => {
        const worker = await hanging(uniqueName())
        worker.kill(signal)
        await worker.printed(/draining/)
        const again = setInterval(() => worker.kill(signal), 50)
        const ended = await timed(worker)
        clearInterval(again)
        expect(ended).to.include({ code, signal: null })
        expect(ended.took).to.be.below(DRAINED_AFTER_MS)
      })
    }
  })

  describe('while it starts', () => {
    it('should end with 0 before it has been assigned anything', async () => {
      const name = uniqueName()
      await millrace(['apply', copy], variables(name))
      const worker = startMillrace(['run', copy], variables(name))
      await worker.printed(/"running"/)
      worker.kill('SIGTERM')
      const ended = await timed(worker)
      expect(ended, ended.stderr).to.include({ code: 0, signal: null })
      expect(ended.took).to.be.below(10_000)
      expect(await membersOf(name)).to.deep.equal([])
    })

    it('should end within ten seconds while a broker says nothing', async () => {
      const proxy = new TcpProxy(servers().kafkaBrokers)
      await proxy.listen()
      proxy.silence()
      const worker = startMillrace(['run', copy], {
        ...variables(uniqueName()),
        KAFKA_BROKERS: proxy.address,
      })
      await Promise.race([proxy.connected, worker.ended])
      worker.kill('SIGTERM')
      const ended = await timed(worker)
      await proxy.close()
      expect(ended, ended.stderr).to.include({ code: 0, signal: null })
      expect(ended.took).to.be.below(10_000)
    })
  })
})

/** Each partition is a sequence of its own. */
function numberIn({ partition, value }: ShownRecord): Numbered {
  return { key: String(partition), n: JSON.parse(String(value)).n }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}
