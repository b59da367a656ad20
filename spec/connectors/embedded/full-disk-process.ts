/** Writes numbers to the log for ever; says which were acknowledged, and what it was told where that failed. */
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { MillraceError } from '../../../lib/errors.ts'
import { record } from '../../conformance/broker-harness.ts'

const broker = await openEmbeddedBroker({ dir: process.argv[2]!, timing: { connect: 300 } })
await broker.admin.createTopic({ topic: 'full', partitions: 1 })
const producer = await broker.producer({})
for (let number = 0; ; number++) {
  try {
    await producer.send([record('full', String(number), { key: Buffer.alloc(10_000, 'k') })])
    process.send!({ acknowledged: number })
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    const { code, message, retriable } = error
    process.send!({ error: { code, message, retriable } })
  }
}
