import {
  count,
  json,
  keyBy,
  map,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { seen } from '../race/first-seen.ts'
import type { RawUser } from '../w1/cleanse.ts'

const { BENCH_APPLICATION = 'w2', BENCH_INPUT = 'users', BENCH_OUTPUT = 'w2-counts' } = process.env
const { BENCH_WINDOW = '1m' } = process.env

const users = topic(BENCH_INPUT, { value: json<RawUser>(), partitions: PARTITIONS })
const counts = topic(BENCH_OUTPUT, {
  key: windowedKey(),
  value: json<number | null>(),
  partitions: PARTITIONS,
})

/**
 * Users by country and minute, as `userCounts` of a run has them: the newest update of a window in each micro-batch, as
 * Kafka Streams' record cache has it by default.
 */
export default topology(BENCH_APPLICATION, ({ source }) => {
  source('users', users).pipe(
    map('country', ({ nat }) => {
      seen()
      return nat.toUpperCase()
    }),
    keyBy('by-country', (country) => country),
    window('per-minute', tumbling(BENCH_WINDOW, { grace: '30s' })),
    count('per-country'),
    toStream('updates', { updates: 'last' }),
    sink('counts', counts),
  )
})
