import { expect } from 'chai'
import fc from 'fast-check'
import { type EmbeddedBroker, openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { BrokerHarness, record } from '../../conformance/broker-harness.ts'
import { failureOf } from '../../conformance/failure-of.ts'
import { logFolder } from './log-folder.ts'

describe('offsets for a time in the embedded log', () => {
  const dir = logFolder()
  let owner: EmbeddedBroker
  let client: EmbeddedBroker
  before(async () => {
    owner = await openEmbeddedBroker({ dir })
    client = await openEmbeddedBroker({ dir })
  })
  after(async () => {
    await client.close()
    await owner.close()
  })

  it('should be those of the first record of the time or later, in each partition', async () => {
    const times = fc.array(fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 10 }), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(times, fc.nat({ max: 60 }), async (sends, time) => {
        const harness = new BrokerHarness(client)
        const topic = await harness.topic(2)
        for (const send of sends) {
          await harness.produce(send.map((timestamp) => record(topic, 'v', { timestamp, partition: 1 })))
        }
        const all = sends.flat()
        const first = all.findIndex((timestamp) => timestamp >= time)
        const expected = [
          { topic, partition: 0, offset: 0 },
          { topic, partition: 1, offset: first === -1 ? all.length : first },
        ]
        for (const broker of [owner, client]) {
          expect(await broker.upkeep.offsetsForTime(topic, time)).to.deep.equal(expected)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('should refuse a topic that does not exist', async () => {
    for (const broker of [owner, client]) {
      const error = await failureOf(broker.upkeep.offsetsForTime('missing', 0))
      expect(error.code).to.equal('MISSING')
    }
  })
})
