import { fileURLToPath } from 'node:url'
import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import { usersRace } from './race/users-race.ts'
import { everyRow } from './race/written.ts'
import { AVRO, CLEAN_SCHEMA, registered, USER_SCHEMA } from './w1a/contracts.ts'

const own = { topology: 'bench/w1a/topology.ts', embedded: ['registry'], prepare: registered } as const
const peer = {
  workload: 'w1a',
  env: { USER_SCHEMA: fileURLToPath(USER_SCHEMA), CLEAN_SCHEMA: fileURLToPath(CLEAN_SCHEMA) },
} as const

/** W1 in Avro, with the same two schemas for both. */
export const w1a = usersRace({
  contestants: [
    millrace({ ...own, guarantee: 'at-least-once', threads: 2 }),
    kafkaStreams({ ...peer, guarantee: 'at-least-once', threads: 2 }),
    millrace({ ...own, guarantee: 'exactly-once', threads: 2 }),
    kafkaStreams({ ...peer, guarantee: 'exactly-once', threads: 2 }),
  ],
  expected: ({ clean }) => clean,
  written: everyRow,
  formats: AVRO,
})
