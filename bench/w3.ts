import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import type { Lap } from './race/race.ts'
import { usersRace } from './race/users-race.ts'
import { everyRow } from './race/written.ts'
import { CONCURRENCY, LATENCY_MS } from './w3/topology.ts'
import type { RaceOptions } from './workload.ts'

const guarantee = 'at-least-once'
const judged = { expected: ({ scores }: { scores: string }) => scores, written: everyRow }

/** Takes 100 a second. */
const inThread = usersRace({
  contestants: [kafkaStreams({ workload: 'w3', guarantee, threads: 1 })],
  ...judged,
})
const overlapped = usersRace({
  contestants: [millrace({ topology: 'bench/w3/topology.ts', guarantee, threads: 1 })],
  ...judged,
})
/** What there would be of no cost but the waiting, in records a second. */
const MOST = (CONCURRENCY * 1000) / LATENCY_MS

/** A call that takes 10 ms for each user. Inputs differ, as nobody wants to wait for one call after the other. */
export async function* w3(options: RaceOptions): AsyncIterable<Lap> {
  const { rounds, records } = options
  for (let round = 1; round <= rounds; round++) {
    yield* numbered(inThread({ ...options, rounds: 1, records: Math.min(records, 2_000) }), round)
    for await (const lap of overlapped({ ...options, rounds: 1, records: Math.min(records, 100_000) })) {
      yield { ...lap, round, 'of the most': Number(lap['records/s']) / MOST }
    }
  }
}

async function* numbered(laps: AsyncIterable<Lap>, round: number): AsyncIterable<Lap> {
  for await (const lap of laps) yield { ...lap, round }
}
