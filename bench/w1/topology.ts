import { filter, json, map, sink, topic, topology } from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { type CleanUser, cleansed, isComplete, type RawUser } from './cleanse.ts'

const { BENCH_APPLICATION = 'w1', BENCH_INPUT = 'w1-users', BENCH_OUTPUT = 'w1-clean' } = process.env

const users = topic(BENCH_INPUT, { value: json<RawUser>(), partitions: PARTITIONS })
const clean = topic(BENCH_OUTPUT, { value: json<CleanUser>(), partitions: PARTITIONS })

/** Users without an e-mail address or a uuid are left out, the others are made flat and tidy. */
export default topology(BENCH_APPLICATION, ({ source }) => {
  source('users', users).pipe(filter('complete', isComplete), map('cleanse', cleansed), sink('clean', clean))
})
