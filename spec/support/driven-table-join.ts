import { json, type Stream, sink, type Table, type TableOptions, topic, topology } from '../../lib/index.ts'

type Input = Stream<string, string | null>
type Rows = Table<string, string>

/** JSON records of topic `stream` and rows of topic `table`, through what joins them, to topic `out`. Nulls go on. */
export function streamWithTable(
  define: (stream: Input, rows: Rows) => Stream<string, unknown>,
  options: TableOptions<string, string> = {},
) {
  return topology('spec', ({ source, table }) => {
    const rows = table('rows', topic('table', { value: json<string>() }), options)
    const stream = source('stream', topic('stream', { value: json<string>() }), { nullValues: 'pass' })
    define(stream, rows).pipe(sink('out', topic('out', { value: json() })))
  })
}
