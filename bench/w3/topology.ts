import { setTimeout as delay } from 'node:timers/promises'
import { enrich, json, map, sink, topic, topology } from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { seen } from '../race/first-seen.ts'
import type { RawUser } from '../w1/cleanse.ts'

const { BENCH_APPLICATION = 'w3', BENCH_INPUT = 'users', BENCH_OUTPUT = 'w3-scored' } = process.env
/** Of a service that is asked for each user. */
export const LATENCY_MS = 10
/** In flight at once, of all partitions together. */
export const CONCURRENCY = 64

const users = topic(BENCH_INPUT, { value: json<RawUser>(), partitions: PARTITIONS })
const scored = topic(BENCH_OUTPUT, { value: json<number>(), partitions: PARTITIONS })

/** Each user's score, which somebody else knows. */
export default topology(BENCH_APPLICATION, ({ source }) => {
  source('users', users).pipe(
    map('age', ({ dob }) => {
      seen()
      return dob.age
    }),
    enrich('score', scoreOf, { concurrency: CONCURRENCY / PARTITIONS }),
    sink('scored', scored),
  )
})

async function scoreOf(age: number): Promise<number> {
  await delay(LATENCY_MS)
  return age * 2
}
