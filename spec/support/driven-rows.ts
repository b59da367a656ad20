import { json, type Stream, sink, type Table, type TableOptions, topic, topology } from '../../lib/index.ts'
import type { Place } from '../../lib/topology/stream.ts'

/** JSON rows of topic `in`, in table `rows`, through a chain of steps to topic `out`. */
export function tabled<V>(
  define: (rows: Table<string, V>) => Stream<string, unknown> | Table<string, unknown>,
  options: TableOptions<string, V> = {},
) {
  return topology('spec', ({ table }) => {
    const end: Place = define(table('rows', topic('in', { value: json<V>() }), options))
    sink('out', topic('out', { value: json() }))(end as Stream<string, unknown>)
  })
}

/** JSON rows of topics `left` and `right`, through what joins them, to topic `out`. */
export function tabledSides(
  define: (left: Table<string, string>, right: Table<string, string>) => Table<string, unknown>,
  options: TableOptions<string, string> = {},
) {
  return topology('spec', ({ table }) => {
    const [left, right] = (['left', 'right'] as const).map((name) =>
      table(name, topic(name, { value: json<string>() }), options),
    ) as [Table<string, string>, Table<string, string>]
    define(left, right).pipe(sink('out', topic('out', { value: json() })))
  })
}
