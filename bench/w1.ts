import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import { quix } from './peers/quix.ts'
import { script } from './peers/script.ts'
import { spark } from './peers/spark.ts'
import { usersRace } from './race/users-race.ts'
import { everyRow } from './race/written.ts'

const topology = 'bench/w1/topology.ts'
const workload = 'w1'

/** Users of 1.1 KB of JSON that are cleansed and made flat, without any state. */
export const w1 = usersRace({
  contestants: [
    millrace({ topology, guarantee: 'at-least-once', threads: 2 }),
    kafkaStreams({ workload, guarantee: 'at-least-once', threads: 2 }),
    millrace({ topology, guarantee: 'exactly-once', threads: 2 }),
    kafkaStreams({ workload, guarantee: 'exactly-once', threads: 2 }),
    millrace({ topology, guarantee: 'at-least-once', threads: 1 }),
    kafkaStreams({ workload, guarantee: 'at-least-once', threads: 1 }),
    spark({ workload }),
    quix(workload),
    script('bare kafkajs loop', 'w1/stock-loop.ts'),
    script("bare loop on millrace's client", 'w1/port-loop.ts'),
  ],
  expected: ({ clean }) => clean,
  written: everyRow,
})
