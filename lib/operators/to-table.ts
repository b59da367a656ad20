import type { Duration } from '../duration.ts'
import { tableStore } from '../topology/builder.ts'
import { keyed, keyFormatOf } from '../topology/repartition-nodes.ts'
import { type Entered, type StepOptions, Stream, Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'

export interface ToTableOptions<V> extends StepOptions {
  /** Keep older rows too, as far back as this: joins then look up the row of the record's own time. (KIP-889) */
  readonly history?: Duration
  /** How its rows are kept. Default: any structured value. */
  readonly value?: Format<V>
}

/**
 * The stream's records as rows: each is its key's new row, a null deletes it. Rows are by arrival: an older timestamp
 * overwrites a newer one, unless the table has a `history`. The name is also the store's. Records without a key are
 * left out; those with changed keys go through a repartition topic first. (KStream#toTable)
 */
export function toTable<K, V>(
  name: string,
  { history, value, ...options }: ToTableOptions<NonNullable<NoInfer<V>>> = {},
): (stream: Stream<K, V>) => Table<K, NonNullable<V>, Entered<K, V>> {
  return (stream) => {
    const records = new Stream<K, V>(keyed(stream, name), stream.graph)
    const store = tableStore(name, keyFormatOf(records.node), {
      ...(history !== undefined && { history }),
      ...(value !== undefined && { value: value as Format<unknown> }),
    })
    return new Table(records.add({ kind: 'toTable', name, store }, options), stream.graph)
  }
}
