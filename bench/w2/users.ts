import { usersOf } from '../../connectors/http/recorded-users.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { NO_HEADERS, type OutRecord } from '../../lib/record.ts'
import { seededRandom } from '../../lib/testing/random.ts'

export const PARTITIONS = 4
const HOUR = 3_600_000
const MINUTE = 60_000
const BEGINNING = Date.parse('2026-11-20T00:00:00Z')
/** As late as the grace lets them be: later ones are lost to everyone. */
const LATEST = 30_000
const LATE = 0.05
const AT_A_TIME = 5_000

export interface User {
  readonly nat: string
}

export interface W2Input {
  readonly topic: string
  /** By `COUNTRY@minute`: what is to be counted. */
  readonly expected: ReadonlyMap<string, number>
}

/**
 * Writes users of 1.1 KB of JSON into a topic of four partitions: an hour of event time in order, one in twenty up to
 * 30 s late. `into`: how many of the partitions get any.
 */
export async function writeUsers(
  broker: Broker,
  topic: string,
  { number, into, seed }: { readonly number: number; readonly into: number; readonly seed: number },
): Promise<W2Input> {
  await broker.admin.createTopic({ topic, partitions: PARTITIONS, config: { 'retention.ms': '-1' } })
  const random = seededRandom(seed)
  const people = usersOf('w2', 1, 1_000).map((user) => {
    const { nat } = user as unknown as User
    return { nat, value: Buffer.from(JSON.stringify(user)) }
  })
  const expected = new Map<string, number>()
  const producer = await broker.producer({ clientId: 'bench' })
  for (let written = 0; written < number; written += AT_A_TIME) {
    const records: OutRecord[] = []
    for (let i = written; i < Math.min(number, written + AT_A_TIME); i++) {
      const { nat, value } = people[Math.floor(random() * people.length)]!
      const inOrder = BEGINNING + Math.floor((i * HOUR) / number)
      const lag = random() < LATE ? Math.floor(random() * LATEST) : 0
      const timestamp = Math.max(BEGINNING, inOrder - lag)
      const partition = Math.floor(random() * into)
      records.push({ topic, partition, key: Buffer.from(`user-${i}`), value, timestamp, headers: NO_HEADERS })
      const name = `${nat.toUpperCase()}@${timestamp - (timestamp % MINUTE)}`
      expected.set(name, (expected.get(name) ?? 0) + 1)
    }
    await producer.send(records)
  }
  await producer.close()
  return { topic, expected }
}
