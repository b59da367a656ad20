import { expect } from 'chai'
import { withGuarantee } from '../../../lib/topology/guarantee.ts'
import { servers } from '../../support/servers.ts'
import { ACCEPTED_QUIRKS } from './accepted-quirks.ts'
import { answerOnKafka } from './answer-on-kafka.ts'
import { TOPOLOGY_IDS } from './comparators.ts'
import { judge } from './judge.ts'
import { type Outcome, ofKind } from './outcome.ts'
import { readScenarios } from './read-scenarios.ts'
import { topologyText } from './report.ts'
import { TOPOLOGIES } from './topologies/index.ts'

const { files } = await readScenarios(['spec/golden'])

/**
 * Each takes a second, most of it for topics and the group: the rest is for `npm run conformance -- --broker kafka`. One
 * file under each guarantee.
 */
const GUARANTEES = ['at-least-once', 'exactly-once'] as const
const FILES = GUARANTEES.length

describe("Kafka Streams' own answers, through a worker on Kafka", () => {
  for (const topology of TOPOLOGY_IDS) {
    it(`should be ours: ${topology}`, async () => {
      const brokers = servers().kafkaBrokers.split(',')
      const build = TOPOLOGIES[topology]!
      const own = files.filter(({ scenario }) => scenario.topology === topology).slice(0, FILES)
      const ask = (file: (typeof own)[number], index: number) => {
        const said = withGuarantee(build(file.scenario.params), GUARANTEES[index]!)
        const answer = () => answerOnKafka(file.scenario, said, brokers)
        return judge(file, answer, { accepted: ACCEPTED_QUIRKS, questions: false })
      }
      const outcomes: Outcome[] = await Promise.all(own.map(ask))
      expect(outcomes).to.have.lengthOf(FILES)
      if (ofKind(outcomes, 'failed').length > 0) expect.fail(topologyText(topology, outcomes))
    })
  }
})
