import { Stream, type Table } from '../topology/stream.ts'

/** The updates of a table as records; a deletion is a null value. (KTable#toStream) */
export function toStream<K, V>(name: string): (table: Table<K, V>) => Stream<K, V | null> {
  return (table) => new Stream<K, V | null>(table.add({ kind: 'toStream', name }), table.graph)
}
