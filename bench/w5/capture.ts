/** The pipeline's capture of `staging.random_users`, into a topic that is said: until it has all rows, or SIGTERM. */
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { openCapture } from '../../connectors/postgres/capture/capture.ts'
import { encodeValue } from '../../lib/contract/avro-bytes.ts'
import { randomUser } from '../../schemas/random-user.ts'
import { toRawUser } from '../../topologies/users-raw.ts'
import { seen } from '../race/first-seen.ts'
import { captureOf } from './staging.ts'

const { BROKERS, EMBEDDED, OUTPUT, RECORDS, DATABASE_URL, APPLICATION } = process.env as Record<
  string,
  string
>
/** What a registry gives to the first schema that it gets. */
const SCHEMA_ID = 1

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const broker = EMBEDDED
  ? await openEmbeddedBroker({ dir: EMBEDDED })
  : kafkaBroker({ brokers: BROKERS!.split(',') })
const producer = await broker.producer({ clientId: 'bench' })
const capture = await openCapture({
  ...captureOf(APPLICATION!),
  ...{
    databaseUrl: DATABASE_URL!,
    producer,
    topic: OUTPUT!,
    deadLetterTopic: `${OUTPUT}-dlq`,
    identity: 'id',
  },
  onProgress: ({ rows }) => {
    if (rows >= Number(RECORDS)) stop.abort()
  },
  encode: (row) => {
    seen()
    const raw = toRawUser(row)
    return { ...raw, key: Buffer.from(raw.key), value: encodeValue(randomUser, SCHEMA_ID, raw.value) }
  },
})
await capture.run(stop.signal)
await producer.close()
await broker.close()
