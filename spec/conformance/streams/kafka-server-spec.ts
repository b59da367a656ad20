import { expect } from 'chai'
import { servers } from '../../support/servers.ts'
import { answerOnKafka, ON_KAFKA } from './answer-on-kafka.ts'
import { judge } from './judge.ts'
import { type Outcome, ofKind } from './outcome.ts'
import { readScenarios } from './read-scenarios.ts'
import { topologyText } from './report.ts'
import { TOPOLOGIES } from './topologies/index.ts'

const { files } = await readScenarios(['spec/golden'])

/** Each takes a second, most of it for topics and the group: the rest is for `npm run conformance -- --broker kafka`. */
const FILES = 3

describe("Kafka Streams' own answers, through a worker on Kafka", () => {
  // While topologies are still being built: those that are.
  for (const topology of ON_KAFKA.filter((id) => Object.hasOwn(TOPOLOGIES, id))) {
    it(`should be ours: ${topology}`, async () => {
      const brokers = servers().kafkaBrokers.split(',')
      const build = TOPOLOGIES[topology]!
      const outcomes: Outcome[] = []
      for (const file of files.filter(({ scenario }) => scenario.topology === topology).slice(0, FILES)) {
        const ask = () => answerOnKafka(file.scenario, build(file.scenario.params), brokers)
        outcomes.push(await judge(file, ask, { accepted: [], questions: false }))
      }
      expect(outcomes).to.have.lengthOf(FILES)
      if (ofKind(outcomes, 'failed').length > 0) expect.fail(topologyText(topology, outcomes))
    })
  }
})
