import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import { quix } from './peers/quix.ts'
import { spark } from './peers/spark.ts'
import { usersRace } from './race/users-race.ts'
import { checksumOf, lastUpdates } from './w2/counted.ts'

const topology = 'bench/w2/topology.ts'
const workload = 'w2'

/** Users counted by country and minute, in event time, behind a repartition topic. */
export const w2 = usersRace({
  contestants: [
    millrace({ topology, guarantee: 'at-least-once', threads: 2 }),
    kafkaStreams({ workload, guarantee: 'at-least-once', threads: 2 }),
    millrace({ topology, guarantee: 'exactly-once', threads: 2 }),
    kafkaStreams({ workload, guarantee: 'exactly-once', threads: 2 }),
    spark({ workload }),
    quix(workload),
  ],
  expected: ({ counts }) => checksumOf(counts),
  written: lastUpdates,
})
