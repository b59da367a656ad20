import { cassandra } from '../../connectors/cassandra/index.ts'
import { filter, json, map, sink, topic, topology } from '../../lib/index.ts'
import { PARTITIONS } from '../race/contestant.ts'
import { cleansed, isComplete, type RawUser } from '../w1/cleanse.ts'
import { COLUMNS, rowOf, TABLE } from './columns.ts'

const { BENCH_APPLICATION = 'w4', BENCH_INPUT = 'users' } = process.env

const users = topic(BENCH_INPUT, { value: json<RawUser>(), partitions: PARTITIONS })
const rows = cassandra(TABLE, { columns: COLUMNS, primaryKey: { partition: ['uuid'] } })

/** W1 into a table. */
export default topology(BENCH_APPLICATION, ({ source }) => {
  source('users', users).pipe(
    filter('complete', isComplete),
    map('row', (user) => rowOf(cleansed(user))),
    sink('rows', rows),
  )
})
