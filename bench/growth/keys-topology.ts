import { count, json, map, sink, topic, topology, toStream } from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { seen } from '../race/first-seen.ts'

const { BENCH_APPLICATION = 'keys', BENCH_INPUT = 'keys', BENCH_OUTPUT = 'keys-counts' } = process.env

const events = topic(BENCH_INPUT, { value: json<number>(), partitions: PARTITIONS })
const counts = topic(BENCH_OUTPUT, { value: json<number | null>(), partitions: PARTITIONS })

/** How often each key has come: a row of state for each. */
export default topology(BENCH_APPLICATION, ({ source }) => {
  source('events', events).pipe(
    map('event', (event) => {
      seen()
      return event
    }),
    count('per-key'),
    toStream('updates', { updates: 'last' }),
    sink('counts', counts),
  )
})
