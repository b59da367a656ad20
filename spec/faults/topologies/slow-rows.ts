import { kafka } from '../../../connectors/kafka/index.ts'
import { postgres } from '../../../connectors/postgres/index.ts'
import { json, map, sink, topology } from '../../../lib/index.ts'

/** From `<name>-in` to the table `slow_rows`, by the place of each record; the spec gives the name. */
const name = process.env.SPEC_TOPOLOGY ?? 'slow-rows'

export default topology(name, ({ source }) => {
  source('in', kafka(`${name}-in`, { value: json<{ n: number }>(), partitions: 4 })).pipe(
    map('place', ({ n }, { partition, offset }) => ({ partition, offset, n })),
    sink(
      'rows',
      postgres('slow_rows', {
        columns: { partition: 'int', offset: 'bigint', n: 'int' },
        primaryKey: ['partition', 'offset'],
      }),
    ),
  )
})
