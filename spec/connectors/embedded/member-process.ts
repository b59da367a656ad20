/** A member of a group: tells its assignments, and commits position 1 under the last one when told to. */
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { MillraceError } from '../../../lib/errors.ts'

const [dir, group, topic] = process.argv.slice(2) as [string, string, string]
const broker = await openEmbeddedBroker({ dir })
const consumer = broker.consumer({ group, topics: [topic], startAt: 'earliest' })
let generation = 0

process.on('message', async () => {
  try {
    await consumer.commit(generation, [{ topic, partition: 0, offset: 1 }])
    process.send!({ commit: 'committed' })
  } catch (error) {
    process.send!({ commit: error instanceof MillraceError ? error.code : String(error) })
  }
})
await consumer.start({
  revoked: async () => {},
  assigned: async (assignment) => {
    generation = assignment.generation
    process.send!({ owned: assignment.positions.length })
  },
  batch: () => {},
  failed: (error) => {
    throw error
  },
})
