import { expect } from 'chai'
import { ACCEPTED_QUIRKS } from './accepted-quirks.ts'
import { answer } from './answer.ts'
import { TOPOLOGY_IDS } from './comparators.ts'
import { emptyDirectory } from './empty-directory.ts'
import { judge } from './judge.ts'
import { type Outcome, ofKind } from './outcome.ts'
import { readScenarios } from './read-scenarios.ts'
import { topologyText } from './report.ts'
import { TOPOLOGIES } from './topologies/index.ts'

const { files } = await readScenarios(['spec/golden'])

describe("Kafka Streams' own answers", () => {
  it('should have been given for every topology that is built, and none else', () => {
    expect(Object.keys(TOPOLOGIES).sort()).to.deep.equal([...TOPOLOGY_IDS].sort())
  })

  for (const store of ['memory', 'disk'] as const) {
    describe(`with stores ${store === 'memory' ? 'in memory' : 'on disk'}`, () => {
      for (const topology of TOPOLOGY_IDS) {
        it(`should be ours: ${topology}`, async () => {
          const outcomes: Outcome[] = []
          for (const file of files.filter(({ scenario }) => scenario.topology === topology)) {
            await using directory = store === 'disk' ? await emptyDirectory() : undefined
            const ask = () => answer(file.scenario, { store, directory: directory?.path })
            outcomes.push(await judge(file, ask, { accepted: ACCEPTED_QUIRKS, questions: false }))
          }
          expect(outcomes).to.have.lengthOf(8)
          if (ofKind(outcomes, 'failed').length > 0) expect.fail(topologyText(topology, outcomes))
        })
      }
    })
  }
})
