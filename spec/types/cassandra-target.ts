/** What fits a Cassandra table, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type CassandraTarget, cassandra } from '../../connectors/cassandra/index.ts'
import { type SinkTarget, sink } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

interface User {
  readonly id: string
  readonly band: 'young' | 'old' | null
  readonly age: number
  readonly born: number | null
  readonly active: boolean | null
  readonly nickname?: string
  readonly address: { readonly city: string }
}

declare const users: Stream<string, User>

const columns = { id: 'uuid', band: 'text', age: 'int', born: 'date', active: 'boolean' } as const
const primaryKey = { partition: ['id'] } as const

const table = cassandra('users', { columns, primaryKey, indexes: [{ column: 'band', using: 'sai' }] })

// The rows that fit are inferred from the columns; a stream may have further fields.
export const fits: SinkTarget<User> = table
export const any: SinkTarget = table
export const anyTable: CassandraTarget = table
users.pipe(sink('users', table))
users.pipe(sink('inline', cassandra('users', { columns: { id: 'text', age: 'double' }, primaryKey })))

// @ts-expect-error: the stream has no field `email`
users.pipe(sink('absent', cassandra('users', { columns: { id: 'uuid', email: 'text' }, primaryKey })))

// @ts-expect-error: `age` is a number
users.pipe(sink('type', cassandra('users', { columns: { id: 'uuid', age: 'text' }, primaryKey })))

// @ts-expect-error: `address` is an object, for which there is no column type
users.pipe(sink('object', cassandra('users', { columns: { id: 'uuid', address: 'text' }, primaryKey })))

const born = { columns: { id: 'uuid', born: 'date' }, primaryKey: { partition: ['id', 'born'] } } as const
// @ts-expect-error: `born` may be null, which no key may be
users.pipe(sink('null', cassandra('users', born)))

// @ts-expect-error: CQL has such a type, rows here have not
cassandra('users', { columns: { id: 'inet' }, primaryKey })

// @ts-expect-error: the key is no column
cassandra('users', { columns: { age: 'int' }, primaryKey })

// @ts-expect-error: a partition key needs a column
cassandra('users', { columns, primaryKey: { partition: [] } })

// @ts-expect-error: an index is on a column
cassandra('users', { columns, primaryKey, indexes: [{ column: 'height', using: 'sai' }] })
