import { kafkaBroker } from '../connectors/kafka/broker.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { withKafka } from './kafka.ts'
import { PARTITIONS } from './race/contestant.ts'
import { type Users, writeUsers } from './users.ts'
import { countsIn } from './w2/counted.ts'
import { countsOf, type Ran, runOneFirst, runThreads } from './w2/runs.ts'
import type { Result } from './workload.ts'

const USERS = Number(process.env.W2_USERS ?? 1_000_000)
const RUNS = Number(process.env.W2_RUNS ?? 5)
const SEED = 42

/**
 * Users counted by country and minute behind a repartition topic, grace 30 s, all data on the broker before a cold start
 * with two threads: how many were counted, each time. Kafka Streams with two threads counts about half of them: its
 * stream time there is that of whichever upstream task is furthest, and the others' records come late. The same where
 * one partition is read wholly before the others, and where one has nothing.
 */
export async function* w2Counts(): AsyncIterable<Result> {
  yield* withKafka(async function* (brokers) {
    const broker = kafkaBroker({ brokers })
    try {
      const all = await written(broker, 'all', PARTITIONS)
      for (let run = 1; run <= RUNS; run++) {
        const application = nameOf(`cold-${run}`)
        const ran = await runThreads({ brokers, application, input: all.topic })
        yield await result(broker, `cold start, two threads, ${run} of ${RUNS}`, application, all, ran)
      }
      const first = nameOf('one-first')
      const oneFirst = await runOneFirst(broker, { brokers, application: first, input: all.topic })
      yield await result(broker, 'one partition wholly before the others', first, all, oneFirst)
      const three = await written(broker, 'three', PARTITIONS - 1)
      const application = nameOf('one-empty')
      const oneEmpty = await runThreads({ brokers, application, input: three.topic })
      yield await result(broker, 'one partition empty, two threads', application, three, oneEmpty)
    } finally {
      await broker.close()
    }
  })
}

function written(broker: Broker, name: string, into: number): Promise<Users> {
  return writeUsers(broker, nameOf(name), { number: USERS, into, seed: SEED })
}

function nameOf(name: string): string {
  return `w2-${process.pid}-${name}`
}

async function result(
  broker: Broker,
  workload: string,
  application: string,
  { counts: expected }: Users,
  { seconds, late }: Ran,
): Promise<Result> {
  const counts = await countsIn(broker, countsOf(application))
  const counted = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const wrong = [...expected].filter(([name, count]) => counts.get(name) !== count).length
  const windows = counts.size
  const rate = Math.round(USERS / seconds)
  return {
    workload,
    users: USERS,
    counted,
    'dropped as late': late,
    windows,
    'windows that differ': wrong,
    seconds,
    'users/s': rate,
  }
}
