import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { fenceWriters } from '../../lib/runtime/former-writers.ts'
import { Refusals } from '../../lib/runtime/refusals.ts'
import { SharedTransactions } from '../../lib/runtime/shared-transactions.ts'
import { Suspects } from '../../lib/runtime/suspects.ts'
import { failureOf } from '../conformance/failure-of.ts'
import { until } from '../support/until.ts'
import { visitsByCountry } from '../support/visits.ts'

const TOPIC = 'out'
const INPUT = 'in'

describe('transactions that the tasks of a worker share', () => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-shared-transactions-'))
  let broker: EmbeddedBroker
  let application = ''
  let opened = 0
  let sent: string[][] = []
  let suspects: Suspects
  let transactions: SharedTransactions

  before(async () => {
    broker = await openEmbeddedBroker({ dir: join(root, 'log') })
    for (const topic of [TOPIC, INPUT]) await broker.admin.createTopic({ topic, partitions: 4 })
  })
  beforeEach(async () => {
    application = `app-${opened++}`
    sent = []
    const said = visitsByCountry('app')
    suspects = new Suspects(said, new Refusals(said, new Counters(), SILENT))
    transactions = await open()
  })
  afterEach(() => transactions.close())
  after(async () => {
    await broker.close()
    rmSync(root, { recursive: true })
  })

  it('should commit together what came up while one was under way', async () => {
    const first = [commit('a'), commit('b')]
    await until('the first is under way', () => sent.length === 1)
    await Promise.all([...first, commit('c'), commit('d')])
    expect(sent).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ])
    expect(await shown()).to.have.members(['a', 'b', 'c', 'd'])
  })

  it('should keep positions and who has committed them', async () => {
    await Promise.all([commit('a', 0, 3), commit('b', 1, 5)])
    const committed = await broker.admin.committed(application, [INPUT])
    expect(committed.map(({ partition, offset }) => [partition, offset])).to.deep.equal([
      [0, 3],
      [1, 5],
    ])
    expect(new Set(committed.map(({ metadata }) => metadata))).to.have.length(1)
    expect(committed[0]!.metadata).to.match(/^app-\d+-writer-/)
  })

  it('should not hold ever more for one transaction', async () => {
    const many = Array.from({ length: 15_000 }, () => record('many'))
    await Promise.all(
      ['a', 'b', 'c'].map((task) => transactions.commit({ task, records: many, positions: [] })),
    )
    expect(sent.map(({ length }) => length)).to.deep.equal([15_000, 15_000, 15_000])
  })

  it('should reject what waits behind a failure, and begin no other', async () => {
    await transactions.close()
    transactions = await open((records) => {
      return records.includes('b') ? new MillraceError('UNREACHABLE', 'gone') : undefined
    })
    await commit('a')
    const failed = [commit('b'), commit('c')].map(failureOf)
    for (const failure of failed) expect((await failure).code).to.equal('UNREACHABLE')
    const late = await failureOf(commit('d'))
    expect([late.code, late.message]).to.deep.equal(['FENCED', 'a transaction has failed: gone'])
    expect(await shown()).to.deep.equal(['a'])
    expect(suspects.isAlone('b')).to.equal(false)
  })

  it('should blame nobody for what several have written, and have them go on one by one', async () => {
    const refusing = (records: readonly string[]) => {
      return records.includes('large') ? new MillraceError('WRITE', 'too large', { topic: TOPIC }) : undefined
    }
    await transactions.close()
    transactions = await open(refusing)
    for (const failure of await Promise.all([commit('large'), commit('b')].map(failureOf)))
      expect([failure.code, failure.message]).to.deep.equal(['FENCED', 'a transaction has failed: too large'])
    await transactions.close()
    transactions = await open(refusing)
    sent = []
    const again = [commit('b'), commit('c')]
    const refused = await failureOf(commit('large'))
    await Promise.all(again)
    expect(sent).to.deep.equal([['b'], ['c'], ['large']])
    expect([refused.code, refused.message]).to.deep.equal(['WRITE', 'too large'])
  })

  it('should commit nothing more once a successor has taken the partition', async () => {
    await commit('before', 2, 7)
    const at = { topic: INPUT, partition: 2 }
    await fenceWriters([at], { broker, application, log: SILENT })
    const failure = await failureOf(commit('after', 2, 8))
    expect(failure.code).to.equal('FENCED')
    expect(await shown()).to.deep.equal(['before'])
    const [committed] = await broker.admin.committed(application, [INPUT])
    expect(committed).to.deep.include({ ...at, offset: 7 })
  })

  it('should fence nobody who has other partitions', async () => {
    await commit('before', 2, 7)
    await fenceWriters([{ topic: INPUT, partition: 1 }], { broker, application, log: SILENT })
    await commit('after', 2, 8)
    expect(await shown()).to.have.members(['before', 'after'])
  })

  async function open(
    refusal: (values: readonly string[]) => Error | undefined = () => undefined,
  ): Promise<SharedTransactions> {
    const noted: Pick<Broker, 'transactions'> = {
      async transactions(options) {
        const producer = await broker.transactions(options)
        const send = (records: readonly OutRecord[]) => {
          const values = records.map(({ value }) => String(value))
          sent.push(values)
          const reason = refusal(values)
          return reason === undefined ? producer.send(records) : Promise.reject(reason)
        }
        return {
          send,
          commit: (positions) => producer.commit(positions),
          abort: () => producer.abort(),
          close: () => producer.close(),
        }
      },
    }
    const known = { application, log: SILENT, suspects, committed: () => {} }
    const shared = new SharedTransactions({
      ...known,
      broker: { ...broker, ...noted, admin: broker.admin } as Broker,
    })
    await shared.open()
    return shared
  }

  /** Of a task of its own. */
  function commit(value: string, partition?: number, offset = 0): Promise<void> {
    const positions = partition === undefined ? [] : [{ topic: INPUT, partition, offset }]
    return transactions.commit({ task: value, records: [record(value)], positions })
  }

  function record(value: string): OutRecord {
    const key = Buffer.from(application)
    return { topic: TOPIC, key, value: Buffer.from(value), timestamp: 0, headers: NO_HEADERS }
  }

  /** What this application has written. */
  async function shown(): Promise<string[]> {
    const values: string[] = []
    for (const { partition, earliest, end } of await broker.admin.offsets(TOPIC)) {
      for await (const { records } of broker.read([{ topic: TOPIC, partition, from: earliest, to: end }])) {
        for (const { key, value } of records) if (String(key) === application) values.push(String(value))
      }
    }
    return values
  }
})
