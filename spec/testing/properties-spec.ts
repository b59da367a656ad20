import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { readScenarios } from '../conformance/streams/read-scenarios.ts'
import type { Input, Scenario } from '../conformance/streams/scenario.ts'
import { TOPOLOGIES } from '../conformance/streams/topologies/index.ts'
import { inTime, last, merged, perKey, type Ran, ran } from './runs.ts'

/** Ids whose punctuations begin anew when a task is opened anew, as in Kafka Streams. */
const SCHEDULED = /^punctuate-/
/** Whose very meaning is the order of arrival, directly and through a repartition topic. */
const ARRIVAL = /^merge-arrival-order/
/** A global table has no order with the streams that ask it: what is written at once is in it at once. */
const GLOBAL = /^join-stream-global/
/**
 * Ids in which two sides change by turns through repartition topics: batches show in what comes between, and in the
 * time of the change that came last.
 */
const TURNS = /^join-foreign-key/
/**
 * Ids whose results are of a partition as a whole: what its time, which records of any key move, lets go (windows that
 * close, what is suppressed, unmatched or waits for a grace period), schedules, questions to all of a store, and order
 * between keys. A header's time has nothing to do with the order of the input.
 */
const BY_PARTITION =
  /^(window-.*-(emit-on-close|suppress-)|table-suppress|join-stream-stream-(left|outer)|join-stream-table-.*-grace|punctuate|table-materialized-store|merge-arrival-order|map-with-header)/
/** Ids in which a partition's time only tells what is late: nothing is where records come in the order of time. */
const IN_TIME = /^(window-.*-updates|cogroup-tumbling|dedupe|join-stream-(self|stream-inner))/
/** Cases in which rows are forgotten by the partition's time before anything else is. */
const FORGETFUL = /retention/

/** For a longer look: how many times as many runs. */
const TIMES = Number(process.env.MILLRACE_SPEC_TIMES ?? 1)

describe('properties of every topology that Kafka Streams has answered', function () {
  this.timeout(240_000 * TIMES)
  let scenarios: readonly Scenario[]
  const root = mkdtempSync(join(tmpdir(), 'millrace-properties-'))
  const seed = Number(process.env.MILLRACE_SPEC_SEED ?? Date.now() % 2 ** 31)

  before(async () => {
    console.log(`      seed ${seed} (MILLRACE_SPEC_SEED)`)
    const { files } = await readScenarios([new URL('../golden', import.meta.url).pathname])
    scenarios = files
      .map(({ scenario }) => scenario)
      .filter(({ topology }) => Object.hasOwn(TOPOLOGIES, topology))
  })
  after(() => rmSync(root, { recursive: true }))

  it('should come to the same result in one micro-batch or in many', async () => {
    await holds(
      300,
      ({ topology }) => ![SCHEDULED, ARRIVAL, GLOBAL].some((ids) => ids.test(topology)),
      async (scenario, inputs, chance) => {
        const one = await ran(scenario, merged(inputs), {})
        const many = await ran(scenario, inputs, { batch: 2 + Math.floor(chance * 50) })
        if (TURNS.test(scenario.topology)) expect(finalOf(many)).to.deep.equal(finalOf(one))
        else expect(whole(many)).to.deep.equal(whole(one))
      },
    )
  })

  it('should come to the same result in memory or on disk', async () => {
    await holds(
      40,
      () => true,
      async (scenario, inputs) => {
        const memory = await ran(scenario, inputs, {})
        const disk = await ran(scenario, inputs, { stores: { dir: mkdtempSync(join(root, 'disk-')) } })
        expect(disk).to.deep.equal(memory)
      },
    )
  })

  it('should come to the same result after crashes at any point', async () => {
    const crashes = ({ topology, params }: Scenario) => !SCHEDULED.test(topology) && params.mode !== 'diamond'
    let died = 0
    await holds(10, crashes, async (scenario, inputs, chance) => {
      const batch = 1 + Math.floor(chance * 8)
      const undisturbed = await ran(scenario, inputs, { batch })
      let point = 0
      const every = 2 + Math.floor(chance * 17)
      const crash = () => ++point % every === 0 && point < 200 && ++died > 0
      const options = { batch, stores: { dir: mkdtempSync(join(root, 'crash-')) }, crash }
      expect(await ran(scenario, inputs, options)).to.deep.equal(undisturbed)
    })
    expect(died).to.be.greaterThan(10)
  })

  it('should come to the same result on any number of partitions, where that is no part of the meaning', async () => {
    await holds(
      200,
      (scenario) =>
        !BY_PARTITION.test(scenario.topology) &&
        !FORGETFUL.test(scenario.case ?? '') &&
        scenario.params.historyMs == null,
      async (scenario, shuffled, chance) => {
        const inputs = IN_TIME.test(scenario.topology) ? inTime(shuffled) : shuffled
        const one = await ran(scenario, inputs, {})
        const several = await ran(scenario, inputs, { partitions: 2 + Math.floor(chance * 6) })
        expect(perKey(several)).to.deep.equal(perKey(one))
        expect(several.stores).to.deep.equal(one.stores)
      },
    )
  })

  /** For random parts of recorded sequences, in random order. */
  async function holds(
    numRuns: number,
    fits: (scenario: Scenario) => boolean,
    property: (scenario: Scenario, inputs: readonly Input[], chance: number) => Promise<void>,
  ): Promise<void> {
    const chosen = fc
      .constantFrom(...scenarios.filter(fits))
      .chain((scenario) =>
        fc.tuple(
          fc.constant(scenario),
          fc.shuffledSubarray([...scenario.inputs]),
          fc.double({ min: 0, max: 0.999, noNaN: true }),
        ),
      )
    const run = ([scenario, inputs, chance]: readonly [Scenario, readonly Input[], number]) =>
      property(scenario, inputs, chance).catch((error: unknown) => {
        throw new Error(`${scenario.topology} ${JSON.stringify(scenario.params)}`, { cause: error })
      })
    await fc.assert(fc.asyncProperty(chosen, run), { numRuns: numRuns * TIMES, seed })
  }
})

/** Whatever the order between topics. */
function whole({ outputs, stores }: Ran) {
  return { outputs: Map.groupBy(outputs, ({ topic }) => topic), stores }
}

/** The last value of each key, whatever its time; a key that was deleted is as one that never was. */
function finalOf(of: Ran) {
  const all = Object.entries(last(of)).map(([name, found]) => [name, (found as unknown[])[0]])
  const values = all.filter(([, value]) => value !== null)
  const stores = Object.entries(of.stores).map(([name, rows]) => [
    name,
    rows.map(({ key, value }) => [key, value]),
  ])
  return { last: values.sort(), stores }
}
