import { filter, json, map, type Stream, sink, topic, topology } from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { type CleanUser, cleansed, isComplete, type RawUser } from '../w1/cleanse.ts'

const { BENCH_APPLICATION = 'deep', BENCH_INPUT = 'users', BENCH_OUTPUT = 'deep-clean' } = process.env
/** Of all steps, source and sink left out. */
const DEPTH = Number(process.env.BENCH_DEPTH ?? 2)

const users = topic(BENCH_INPUT, { value: json<RawUser>(), partitions: PARTITIONS })
const clean = topic(BENCH_OUTPUT, { value: json<CleanUser>(), partitions: PARTITIONS })

/** W1, with steps behind it that hand on what they are given. */
export default topology(BENCH_APPLICATION, ({ source }) => {
  let stream: Stream<string, CleanUser> = source('users', users).pipe(
    filter('complete', isComplete),
    map('cleanse', cleansed),
  )
  for (let step = 3; step <= DEPTH; step++) stream = stream.pipe(map(`step-${step}`, (user) => user))
  stream.pipe(sink('clean', clean))
})
