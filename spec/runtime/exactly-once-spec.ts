import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import { windowedKey } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { endsOf } from '../../lib/runtime/caught-up.ts'
import { resourcesOf } from '../../lib/runtime/resources.ts'
import { startWorker } from '../../lib/runtime/worker.ts'
import { withGuarantee } from '../../lib/topology/guarantee.ts'
import { countedVisits, visit, visitsByCountry } from '../support/visits.ts'

const byCountry = withGuarantee(visitsByCountry('by-country'), 'exactly-once')
const VISITS = 600

/** What becomes of a commit whose answer never comes. */
type Fate = 'done' | 'not done'

describe('a worker that processes exactly once', function () {
  this.timeout(60_000)
  const root = mkdtempSync(join(tmpdir(), 'millrace-exactly-once-'))
  let broker: EmbeddedBroker

  before(async () => {
    broker = await openEmbeddedBroker({ dir: join(root, 'log') })
    const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
    for (const resource of resourcesOf(byCountry, 'by-country', environment)) await resource.create()
    await write(Array.from({ length: VISITS }, (_, i) => visit(i)))
  })
  after(async () => {
    await broker.close()
    rmSync(root, { recursive: true })
  })

  it('should show each count once and in order, though commits fail with nobody knowing whether they were done', async () => {
    let commits = 0
    const fates: Fate[] = []
    const fateOf = (): Fate | undefined => {
      if (++commits % 2 !== 0 || fates.length === 12) return undefined
      fates.push(fates.length % 2 === 0 ? 'done' : 'not done')
      return fates.at(-1)
    }
    const worker = await startWorker({
      topology: byCountry,
      environment: { broker: unreliable(broker, fateOf), sinks: {}, lookups: {}, log: SILENT },
      stateDir: join(root, 'state'),
      untilCaughtUp: true,
      batch: { records: 20, wait: 0 },
    })
    await worker.done
    expect(fates).to.have.length(12)
    const shown = await countsShown()
    for (const [window, counts] of shown) {
      expect(counts, window).to.deep.equal(counts.map((_, index) => index + 1))
    }
    const last = Object.fromEntries([...shown].map(([window, counts]) => [window, counts.at(-1)]))
    expect(last).to.deep.equal(countedVisits(VISITS))
  })

  it('should make a dead letter of a record whose results the broker will never take, and go on', async () => {
    const before = await endsOf(broker.admin, ['by-country.dlq'])
    const tooLarge = (records: readonly OutRecord[]) => {
      const culprit = records.find(({ topic, timestamp }) => topic === 'counts' && timestamp === 777)
      if (culprit === undefined) return undefined
      return new MillraceError('WRITE', 'too large for topic counts', { topic: 'counts' })
    }
    const { value } = visit(0)
    await write(
      [value, value, value].map((one, index) => ({ value: one, timestamp: index === 1 ? 777 : 776 })),
    )
    const worker = await startWorker({
      topology: byCountry,
      environment: {
        broker: unreliable(broker, () => undefined, tooLarge),
        sinks: {},
        lookups: {},
        log: SILENT,
      },
      stateDir: join(root, 'state'),
      untilCaughtUp: true,
    })
    await worker.done
    expect(worker.counters.get('out', 'refused')).to.equal(1)
    expect(before.size).to.equal(0)
    expect([...(await endsOf(broker.admin, ['by-country.dlq'])).values()]).to.deep.equal([1])
  })

  it('should end with the error when a transaction can never be written', async () => {
    const refusing = unreliable(
      broker,
      () => undefined,
      () => new MillraceError('MISSING', 'no such topic'),
    )
    const before = await broker.admin.committed('by-country', ['visits'])
    await write([visit(0)])
    const worker = await startWorker({
      topology: byCountry,
      environment: { broker: refusing, sinks: {}, lookups: {}, log: SILENT },
      stateDir: join(root, 'state'),
    })
    const error = await worker.done.catch((caught: unknown) => caught)
    expect(error).to.have.property('message', 'no such topic')
    // Whom to fence was said all the same, before anything was read.
    const now = await broker.admin.committed('by-country', ['visits'])
    expect(now.map(({ offset }) => offset)).to.deep.equal(before.map(({ offset }) => offset))
    const [earlier, later] = [before, now].map((positions) => new Set(positions.map((at) => at.metadata)))
    expect([...later!]).to.have.length(1)
    expect([...later!][0]).to.match(/^by-country-writer-/)
    expect([...earlier!]).to.not.include([...later!][0])
  })

  async function write(visits: readonly ReturnType<typeof visit>[]): Promise<void> {
    const producer = await broker.producer({})
    await producer.send(
      visits.map(({ value, timestamp }, i) => {
        const bytes = Buffer.from(JSON.stringify(value))
        return { topic: 'visits', partition: i % 3, key: null, value: bytes, timestamp, headers: NO_HEADERS }
      }),
    )
    await producer.close()
  }

  /** The counts of each window, in the order in which they were written. */
  async function countsShown(): Promise<Map<string, number[]>> {
    const shown = new Map<string, number[]>()
    for (const { partition, earliest, end } of await broker.admin.offsets('counts')) {
      const range = { topic: 'counts', partition, from: earliest, to: end }
      for await (const { records } of broker.read([range])) {
        for (const { key, value } of records) {
          const { key: country, start } = windowedKey().decode(key!)
          const window = `${country}@${start}`
          shown.set(window, [...(shown.get(window) ?? []), JSON.parse(String(value))])
        }
      }
    }
    return shown
  }
})

/** A broker that loses the answers to some commits, and takes no records for which there is a reason. */
function unreliable(
  broker: EmbeddedBroker,
  fateOf: () => Fate | undefined,
  refusal: (records: readonly OutRecord[]) => Error | undefined = () => undefined,
): Broker {
  return {
    admin: broker.admin,
    upkeep: broker.upkeep,
    consumer: (options) => broker.consumer(options),
    producer: (options) => broker.producer(options),
    read: (ranges) => broker.read(ranges),
    close: () => broker.close(),
    async transactions(options) {
      const producer = await broker.transactions(options)
      return {
        async send(records) {
          const reason = refusal(records)
          if (reason !== undefined) throw reason
          await producer.send(records)
        },
        async commit(positions) {
          const fate = fateOf()
          if (fate !== 'not done') await producer.commit(positions)
          if (fate !== undefined) throw new MillraceError('UNREACHABLE', 'no answer to a commit')
        },
        abort: () => producer.abort(),
        close: () => producer.close(),
      }
    },
  }
}
