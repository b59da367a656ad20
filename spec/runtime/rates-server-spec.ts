import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import { json, sink, startWorker, topology, type Worker } from '../../lib/index.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { applyTopology, produce, type SpecEnvironment, specEnvironment } from '../support/environment.ts'
import { membersOf } from '../support/group.ts'
import { until } from '../support/until.ts'

const RECORDS = 1000
const PER_SECOND = 200
/** A tenth of a second’s may come at once; and so much may have been due at the first look, and not yet written. */
const SLACK = (2 * PER_SECOND) / 10 + 4 * (PER_SECOND / 10)
describe('a rate, on a real broker', () => {
  for (const limited of ['source', 'sink'] as const) {
    describe(`of a ${limited}`, () => {
      const name = `rate-${randomBytes(4).toString('hex')}`
      /** How much was written when, from the first look at which something was. */
      const seen: { readonly at: number; readonly written: number }[] = []
      let environment: SpecEnvironment
      let worker: Worker
      let members: string[]
      let looking: NodeJS.Timeout

      const said = topology(name, ({ source }) => {
        const rate = `${PER_SECOND}/s`
        const input = kafka(`${name}-in`, { value: json<number>(), partitions: 4 })
        source('in', input, limited === 'source' ? { rate } : {}).pipe(
          sink(
            'out',
            kafka(`${name}-out`, { value: json<number>(), partitions: 1 }),
            limited === 'sink' ? { rate } : {},
          ),
        )
      })

      before(async () => {
        environment = specEnvironment()
        await applyTopology(said, environment)
        await produce(
          environment,
          Array.from({ length: RECORDS }, (_, n) => record(n)),
        )
        worker = await startWorker({ topology: said, environment })
        looking = setInterval(look, 20)
        await until('the first are there', () => look() > 0)
        members = await membersOf(name)
        await until('all are there', () => look() === RECORDS)
      })
      after(async () => {
        clearInterval(looking)
        await worker?.stop()
        await environment?.close()
      })

      /** Only written is what the sink's rate has allowed, so nothing is in hand. */
      function look(): number {
        const written = worker.counters.get('out', 'written')
        if (written > 0) seen.push({ at: performance.now(), written })
        return written
      }

      function record(n: number): OutRecord {
        return {
          topic: `${name}-in`,
          key: Buffer.from(String(n)),
          value: Buffer.from(String(n)),
          timestamp: 1_700_000_000_000 + n,
          headers: NO_HEADERS,
        }
      }

      it('should hold for all partitions of a worker together', () => {
        const [first] = seen
        expect(first!.written).to.be.at.most(4 * PER_SECOND)
        expect(seen.length).to.be.above(20)
        for (const { at, written } of seen) {
          const allowed = ((at - first!.at) / 1000) * PER_SECOND + first!.written + SLACK
          expect(written).to.be.at.most(allowed)
        }
      })

      it('should not cost the worker its place in the group', async () => {
        expect(await membersOf(name)).to.deep.equal(members)
        expect(environment.lines.filter((line) => line.startsWith('info assigned'))).to.have.length(1)
      })
    })
  }
})
