import { cassandra } from '../../../connectors/cassandra/index.ts'
import { kafka } from '../../../connectors/kafka/index.ts'
import { postgres } from '../../../connectors/postgres/index.ts'
import { json, sink, topology } from '../../../lib/index.ts'

/** From `<name>-in` to `<name>-out`, and the newest of each key to a table in Cassandra and one in PostgreSQL. */
const name = process.env.SPEC_TOPOLOGY ?? 'newest'
const columns = { key: 'text', n: 'int' } as const

export default topology(name, ({ source }) => {
  const numbers = source(
    'in',
    kafka(`${name}-in`, { value: json<{ key: string; n: number }>(), partitions: 4 }),
  )
  numbers.pipe(
    sink('out', kafka(`${name}-out`, { value: json<{ key: string; n: number }>(), partitions: 4 })),
  )
  numbers.pipe(sink('cassandra', cassandra('newest', { columns, primaryKey: { partition: ['key'] } })))
  numbers.pipe(sink('postgres', postgres('newest', { columns, primaryKey: ['key'] })))
})
