import { filter, map, sink, topic, topology } from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { cleansed, isComplete } from '../w1/cleanse.ts'
import { cleanContract, userContract } from './contracts.ts'

const { BENCH_APPLICATION = 'w1a', BENCH_INPUT = 'users', BENCH_OUTPUT = 'w1a-clean' } = process.env

const users = topic(BENCH_INPUT, { value: userContract, partitions: PARTITIONS })
const clean = topic(BENCH_OUTPUT, { value: cleanContract, partitions: PARTITIONS })

/** W1 in Avro: whole users in, flat ones out, each under its contract. */
export default topology(BENCH_APPLICATION, ({ source }) => {
  source('users', users).pipe(filter('complete', isComplete), map('cleanse', cleansed), sink('clean', clean))
})
