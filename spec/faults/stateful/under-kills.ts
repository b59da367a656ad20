import { randomInt } from 'node:crypto'
import { expect } from 'chai'
import type { Broker } from '../../../lib/broker/broker.ts'
import { seededRandom } from '../../../lib/testing/random.ts'
import { uniqueName } from '../../conformance/broker-harness.ts'
import { type BrokerPlace, openBroker } from '../../support/broker-place.ts'
import { STAGES } from '../support/deadly-broker.ts'
import { type Outcome, Stage } from './stage.ts'

export interface Run {
  /** Of each of the four inputs. */
  readonly records: number
  readonly kills: number
  where(): BrokerPlace
}

const seed = Number(process.env.MILLRACE_SPEC_SEED ?? randomInt(2 ** 31))

/** At least once: what is counted and joined without a repartition topic is exact, and no output is missing. */
export function keptUnderKills({ records, kills, where }: Run): void {
  const deaths: string[] = []
  let broker: Broker
  let stage: Stage
  let outcome: Outcome

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    broker = await openBroker(where())
    stage = new Stage(broker, where(), uniqueName('kills'), seed, records)
    await stage.prepare()
    await stage.write()
    const random = seededRandom(seed)
    const begun = performance.now()
    for (let life = 0; life < kills; life++) {
      const death = { stage: STAGES[life % STAGES.length]!, after: Math.floor(random() * 6) }
      const worker = stage.worker('state', { death })
      const how = await worker.ended
      // Every other stage, and the other ones the next time round.
      const wiped = (life + Math.floor(life / STAGES.length)) % 2 === 0
      if (wiped) stage.wipe('state')
      deaths.push(
        `${how} ${death.stage} +${death.after}, ${worker.restored} restored${wiped ? ', wiped' : ''}`,
      )
    }
    expect(await stage.worker('state').ended).to.equal('0')
    outcome = await stage.outcome()
    console.log(`      ${((performance.now() - begun) / 1000).toFixed(1)} s: ${deaths.join('; ')}`)
  })
  after(async () => {
    await stage?.clear()
    await broker?.close()
  })

  it('should have been killed at work every time', () => {
    expect(deaths).to.have.lengthOf(kills)
    for (const death of deaths) expect(death).to.match(/^SIGKILL /)
  })

  it('should keep the counts of an undisturbed run', async () => {
    expect(await stage.stored('state', 'clicks-per-key')).to.deep.equal(new Map(stage.expected.clicks))
  })

  it('should have written every count on the way, and none above', () => {
    const wanted = [...stage.expected.clicks].map(([key, n]) => [key, upTo(n)] as const)
    const came = [...outcome.clicks].map(
      ([key, all]) => [key, [...new Set(all)].sort((a, b) => a - b)] as const,
    )
    expect(new Map(came)).to.deep.equal(new Map(wanted))
  })

  it('should have written every pair, and no other', () => {
    expect(new Set(outcome.pairs)).to.deep.equal(stage.expected.pairs)
  })

  it('should count behind a repartition topic at least what there was', async () => {
    const last = await stage.stored('state', 'visits-per-country')
    for (const [key, n] of stage.expected.visits) expect(last.get(key), key).to.be.at.least(n)
    const over = [...last].reduce((sum, [key, n]) => sum + n - stage.expected.visits.get(key)!, 0)
    console.log(`      ${over} of ${records} counted again behind the repartition topic`)
  })
}

/** One stops in the middle; of two, one is killed. */
export function handedOver({ records, where }: Omit<Run, 'kills'>): void {
  let broker: Broker
  const stages: Stage[] = []
  before(async () => {
    broker = await openBroker(where())
  })
  after(async () => {
    for (const stage of stages) await stage.clear()
    await broker?.close()
  })

  async function stageOf(name: string): Promise<Stage> {
    const stage = new Stage(broker, where(), uniqueName(name), seed, records)
    stages.push(stage)
    await stage.prepare()
    return stage
  }

  it('should write nothing again after a stop in the middle', async () => {
    const stage = await stageOf('stopped')
    await stage.write()
    const first = stage.worker('state')
    await first.until(() => first.written('counts') > 0)
    first.stop()
    expect(await first.ended).to.equal('0')
    expect(first.written('counts')).to.be.below(records)
    expect(await stage.worker('state').ended).to.equal('0')
    const { clicks, pairs, visits } = await stage.outcome()
    expect(pairs.toSorted()).to.deep.equal([...stage.expected.pairs].sort())
    const wanted = (counts: ReadonlyMap<string, number>) =>
      new Map([...counts].map(([key, n]) => [key, upTo(n)]))
    expect(clicks).to.deep.equal(wanted(stage.expected.clicks))
    expect(visits).to.deep.equal(wanted(stage.expected.visits))
  })

  it('should take over from the changelogs what another one had when it was killed', async () => {
    const stage = await stageOf('shared')
    const mortal = stage.worker('one', { untilCaughtUp: false, death: { stage: 'delivered', after: 10 } })
    await mortal.until(() => mortal.assigned > 0)
    const alone = mortal.assigned
    const heir = stage.worker('two', { untilCaughtUp: false })
    await heir.until(() => heir.assigned > 0)
    await mortal.until(() => mortal.assigned < alone)
    await stage.write()
    expect(await mortal.ended).to.equal('SIGKILL')
    await stage.workedOff()
    heir.stop()
    expect(await heir.ended).to.equal('0')
    const { clicks, pairs } = await stage.outcome()
    const last = new Map([...clicks].map(([key, counts]) => [key, Math.max(...counts)]))
    expect(last).to.deep.equal(new Map(stage.expected.clicks))
    expect(new Set(pairs)).to.deep.equal(stage.expected.pairs)
    expect(heir.restored).to.be.above(0)
  })
}

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1)
}
