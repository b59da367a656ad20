import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Broker } from '../../../lib/broker/broker.ts'
import { SILENT } from '../../../lib/log.ts'
import type { RawRecord } from '../../../lib/record.ts'
import { resourcesOf } from '../../../lib/runtime/resources.ts'
import { seededRandom } from '../../../lib/testing/random.ts'
import { uniqueName } from '../../conformance/broker-harness.ts'
import { type BrokerPlace, openBroker } from '../../support/broker-place.ts'
import { bytesOf, expected, inputs, names } from '../stateful/workload.ts'
import { TRANSACTION_STAGES } from '../support/deadly-broker.ts'
import { RowWorker } from '../support/row-worker.ts'
import { countIn, expectedCounts, said } from './workload.ts'

const module = new URL('workload.ts', import.meta.url).href

export interface Run {
  /** Of each of the inputs. */
  readonly records: number
  readonly kills: number
  where(): BrokerPlace
  /** All of a topic that is committed, in whatever order. */
  read(broker: Broker, topic: string): Promise<readonly Pick<RawRecord, 'key' | 'value'>[]>
}

const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))

/** Windowed counts and a join, killed again and again, write what an undisturbed run writes: not a record more. */
export function exactUnderKills({ records, kills, where, read }: Run): void {
  const run = uniqueName('exact')
  const all = inputs(run, seed, records).filter(({ topic }) => topic !== names(run).visits)
  const root = mkdtempSync(join(tmpdir(), 'millrace-exact-'))
  const workers: RowWorker[] = []
  const deaths: string[] = []
  let broker: Broker

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    broker = await openBroker(where())
    const environment = { broker, sinks: {}, lookups: {}, log: SILENT }
    for (const resource of resourcesOf(said(run), names(run).application, environment))
      await resource.create()
    const producer = await broker.producer({})
    await producer.send(all.map(bytesOf))
    await producer.close()
    const random = seededRandom(seed)
    const begun = performance.now()
    for (let life = 0; life < kills; life++) {
      const stage = TRANSACTION_STAGES[life % TRANSACTION_STAGES.length]!
      const death = { stage, after: Math.floor(random() * 8) }
      const mortal = worker({ death })
      const how = await mortal.ended
      // In turn with and without the state that its predecessor has left.
      const wiped = life % 2 === 1
      if (wiped) rmSync(join(root, 'state'), { recursive: true, force: true })
      deaths.push(
        `${how} ${stage} +${death.after}, ${mortal.restored} restored${wiped ? ', then wiped' : ''}`,
      )
    }
    expect(await worker().ended).to.equal('0')
    console.log(`      ${((performance.now() - begun) / 1000).toFixed(1)} s: ${deaths.join('; ')}`)
  })
  after(async () => {
    await Promise.all(workers.map((worker) => worker.clear()))
    await broker?.close()
    rmSync(root, { recursive: true, force: true })
  })

  function worker(more: Pick<ConstructorParameters<typeof RowWorker>[0], 'death'> = {}): RowWorker {
    const stateDir = join(root, 'state')
    const next = new RowWorker({ module, run, place: where(), stateDir, untilCaughtUp: true, ...more })
    workers.push(next)
    return next
  }

  it('should have been killed at work every time', () => {
    expect(deaths).to.have.lengthOf(kills)
    for (const death of deaths) expect(death).to.match(/^SIGKILL /)
  })

  it('should have written each count of each window once', async () => {
    const counts = (await read(broker, names(run).counts)).map(countIn)
    expect(counts.sort()).to.deep.equal(expectedCounts(run, all).sort())
  })

  it('should have written each pair once', async () => {
    const pairs = (await read(broker, names(run).pairs)).map(({ value }) => JSON.parse(String(value)))
    expect(pairs.sort()).to.deep.equal([...expected(run, all).pairs].sort())
  })
}
