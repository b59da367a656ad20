import { expect } from 'chai'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { withGuarantee } from '../../../lib/topology/guarantee.ts'
import { logFolder } from '../../connectors/embedded/log-folder.ts'
import { ACCEPTED_QUIRKS } from './accepted-quirks.ts'
import { answerOnBroker } from './answer-on-broker.ts'
import { TOPOLOGY_IDS } from './comparators.ts'
import { judge } from './judge.ts'
import { type Outcome, ofKind } from './outcome.ts'
import { prefixedBroker } from './prefixed-broker.ts'
import { readScenarios } from './read-scenarios.ts'
import { topologyText } from './report.ts'
import { TOPOLOGIES } from './topologies/index.ts'

const { files } = await readScenarios(['spec/golden'])

/** Not the whole set: the test driver answers that, with the same tasks. One file under each guarantee. */
const GUARANTEES = ['at-least-once', 'exactly-once'] as const
const FILES = GUARANTEES.length

describe("Kafka Streams' own answers, through a worker on the embedded log", function () {
  this.timeout(60_000)
  const dir = logFolder()
  let broker: EmbeddedBroker
  before(async () => {
    broker = await openEmbeddedBroker({ dir })
  })
  after(() => broker.close())

  for (const topology of TOPOLOGY_IDS) {
    it(`should be ours: ${topology}`, async () => {
      const outcomes: Outcome[] = []
      const own = files.filter(({ scenario }) => scenario.topology === topology).slice(-FILES)
      for (const [index, file] of own.entries()) {
        const application = `${topology}-${index}`
        const said = withGuarantee(TOPOLOGIES[topology]!(file.scenario.params), GUARANTEES[index]!)
        const own = prefixedBroker(broker, `${application}.`)
        const ask = () => answerOnBroker(file.scenario, said, own, application)
        outcomes.push(await judge(file, ask, { accepted: ACCEPTED_QUIRKS, questions: false }))
      }
      expect(outcomes).to.have.lengthOf(FILES)
      if (ofKind(outcomes, 'failed').length > 0) expect.fail(topologyText(topology, outcomes))
    })
  }
})
