import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import type { Explanation } from '../../lib/explain/explain.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { logFolder } from '../connectors/embedded/log-folder.ts'
import { millrace, runMillrace } from '../support/millrace.ts'

const FILE = 'spec/explain/visits.ts'
const AT = Date.UTC(2026, 0, 1, 12, 0, 30)

describe('millrace explain', function () {
  this.timeout(120_000)
  const folder = logFolder()
  const env = { MILLRACE_STATE_DIR: folder }

  before(async () => {
    await millrace(['apply', FILE], env)
    await withLog(async (broker) => {
      const producer = await broker.producer({})
      const visits = [
        { page: 'secret-page', seconds: 5 },
        { page: 'secret-page', seconds: -1 },
        { page: 'secret-page', seconds: 50 },
      ].map((visit) => Buffer.from(JSON.stringify(visit)))
      await producer.send(
        [...visits, Buffer.from('{')].map((value, n) => {
          return { topic: 'visits.in', key: Buffer.from('v'), value, timestamp: AT + n, headers: NO_HEADERS }
        }),
      )
      await producer.close()
    })
    await millrace(['run', FILE, '--until-caught-up'], env)
  })

  it('should name the predicate that a record was left out by', async () => {
    const { stages, processed, path } = await explained('visits.in', 0)
    expect({ processed, path }).to.deep.equal({ processed: true, path: ['visits.in/0/0'] })
    const long = stages.find(({ step }) => step === 'long')!
    expect(long.given).to.have.length(1)
    expect(long.handedOn).to.deep.equal([])
    expect(stages.map(({ step }) => step)).to.not.include('lined')
    expect(await said('visits.in', 0)).to.match(
      / {2}long \(filter\)\n.*\n {4}left out: its predicate says no/,
    )
  })

  it('should name the step that refused a record, why, and its dead letter', async () => {
    const { stages } = await explained('visits.in', 1)
    const timed = stages.find(({ step }) => step === 'timed')!
    expect(timed.refused).to.deep.equal([
      {
        code: 'REJECTED',
        reason: 'negative seconds',
        outcome: 'dead-letter',
        deadLetter: 'visits.dlq/0/0',
      },
    ])
    expect(timed.handedOn).to.deep.equal([])
    const { stages: undecoded } = await explained('visits.in', 3)
    expect(undecoded.map(({ step }) => step)).to.deep.equal(['visits'])
    expect(undecoded[0]!.refused).to.have.length(1)
    expect(undecoded[0]!.refused[0]).to.include({ code: 'POISON', deadLetter: 'visits.dlq/0/1' })
  })

  it('should trace a dead letter, and a record of a sink topic, back to what they came from', async () => {
    const letter = await explained('visits.dlq', 0)
    expect(letter.path).to.deep.equal(['visits.dlq/0/0', 'visits.in/0/1'])
    expect(letter.stages.find(({ step }) => step === 'timed')!.refused).to.have.length(1)
    const out = await explained('visits.out', 0)
    expect(out.path).to.deep.equal(['visits.out/0/0', 'visits.in/0/2'])
    expect(out.stages.find(({ step }) => step === 'out')!.records.map(({ topic }) => topic)).to.deep.equal([
      'visits.out',
    ])
  })

  it('should name window and key of a record, as they would be with an empty state', async () => {
    const { stages, emptyState } = await explained('visits.in', 2, '--show-values')
    expect(emptyState).to.deep.equal(['visits-per-page'])
    const { kept, given } = stages.find(({ step }) => step === 'visits-per-page')!
    expect(given.map(({ key, timestamp }) => [key, timestamp])).to.deep.equal([['secret-page', AT + 2]])
    const window = { start: AT - 30_000, end: AT + 30_000 }
    expect(kept.map(({ store, key }) => [store, key])).to.deep.equal([
      ['visits-per-page', { key: 'secret-page', ...window }],
    ])
  })

  it('should show no value unless asked, and change nothing', async () => {
    const before = await ends()
    expect(await said('visits.in', 2)).to.not.include('secret-page')
    expect(await said('visits.in', 2, '--json')).to.not.include('secret-page')
    expect(await said('visits.in', 2, '--show-values')).to.include('secret-page')
    expect(await ends()).to.deep.equal(before)
  })

  it('should say what is held where there is no such record', async () => {
    const beyond = await runMillrace(['explain', 'visits.in', '0', '99', FILE], env)
    expect(beyond.code).to.equal(3)
    expect(beyond.stderr).to.include('visits.in/0 holds offsets 0 up to 3')
    const elsewhere = await runMillrace(['explain', 'nowhere', '0', '0', FILE], env)
    expect(elsewhere.code).to.equal(3)
    expect((await runMillrace(['explain', 'visits.in', 'x', '0', FILE], env)).code).to.equal(2)
  })

  function said(topic: string, offset: number, ...more: string[]): Promise<string> {
    return millrace(['explain', topic, '0', String(offset), FILE, ...more], env)
  }

  async function explained(topic: string, offset: number, ...more: string[]): Promise<Explanation> {
    return JSON.parse(await said(topic, offset, '--json', ...more)) as Explanation
  }

  function ends() {
    const topics = ['visits.in', 'visits.out', 'visits.counts', 'visits.dlq']
    return withLog((broker) => Promise.all(topics.map((topic) => broker.admin.offsets(topic))))
  }

  async function withLog<T>(work: (broker: Broker) => Promise<T>): Promise<T> {
    const broker = await openEmbeddedBroker({ dir: join(folder, 'embedded', 'log') })
    try {
      return await work(broker)
    } finally {
      await broker.close()
    }
  }
})
