import { cassandra } from '../../../connectors/cassandra/index.ts'
import { kafka } from '../../../connectors/kafka/index.ts'
import { json, map, sink, topology } from '../../../lib/index.ts'

/** From `<name>-in` to the table `numbers`, without the padding; the spec gives the name. */
const name = process.env.SPEC_TOPOLOGY ?? 'rows'

export default topology(name, ({ source }) => {
  source('in', kafka(`${name}-in`, { value: json<{ n: number; padding: string }>() })).pipe(
    map('slim', ({ n }) => ({ n, copied: n })),
    sink(
      'numbers',
      cassandra('numbers', { columns: { n: 'int', copied: 'int' }, primaryKey: { partition: ['n'] } }),
    ),
  )
})
