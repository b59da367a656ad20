import { kafkaBroker } from '../connectors/kafka/broker.ts'
import { withKafka } from './kafka.ts'
import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import { script } from './peers/script.ts'
import type { Contestant } from './race/contestant.ts'
import { type Lap, laps } from './race/race.ts'
import { everyRow } from './race/written.ts'
import { writeUsers } from './w1/users.ts'
import type { RaceOptions } from './workload.ts'

const TOPOLOGY = 'bench/w1/topology.ts'
const SEED = 42

const CONTESTANTS: readonly Contestant[] = [
  millrace({ guarantee: 'at-least-once', threads: 2, topology: TOPOLOGY }),
  kafkaStreams({ workload: 'w1', guarantee: 'at-least-once', threads: 2 }),
  millrace({ guarantee: 'exactly-once', threads: 2, topology: TOPOLOGY }),
  kafkaStreams({ workload: 'w1', guarantee: 'exactly-once', threads: 2 }),
  millrace({ guarantee: 'at-least-once', threads: 1, topology: TOPOLOGY }),
  kafkaStreams({ workload: 'w1', guarantee: 'at-least-once', threads: 1 }),
  script('bare kafkajs loop', 'w1/stock-loop.ts'),
  script("bare loop on millrace's client", 'w1/port-loop.ts'),
]

/** Users of 1.1 KB of JSON that are cleansed and made flat, without any state. */
export async function* w1({ rounds, records, isWanted }: RaceOptions): AsyncIterable<Lap> {
  yield* withKafka(async function* (brokers, brokerPid) {
    const broker = kafkaBroker({ brokers })
    try {
      const { topic: input, checksum } = await writeUsers(broker, `bench-${process.pid}-users`, records, SEED)
      const contestants = CONTESTANTS.filter(({ name }) => isWanted(name))
      yield* laps({
        broker,
        brokers,
        brokerPid,
        contestants,
        rounds,
        input,
        records,
        checksum,
        written: everyRow,
      })
    } finally {
      await broker.close()
    }
  })
}
