/** What fits a PostgreSQL table, and what must not compile. Checked by `npm run types`; there is nothing to run. */
import { type PostgresTarget, postgres } from '../../connectors/postgres/index.ts'
import { type SinkTarget, sink } from '../../lib/index.ts'
import type { Stream } from '../../lib/topology/stream.ts'

interface User {
  readonly id: string
  readonly band: 'young' | 'old' | null
  readonly age: number
  readonly born: number | null
  readonly address: { readonly city: string }
}

declare const users: Stream<string, User>

const columns = { id: 'uuid', band: 'text', age: 'int', born: 'date' } as const

const table = postgres('users', { columns, primaryKey: ['id', 'age'], indexes: [{ column: 'band' }] })

// The rows that fit are inferred from the columns; a stream may have further fields.
export const fits: SinkTarget<User> = table
export const any: SinkTarget = table
export const anyTable: PostgresTarget = table
users.pipe(sink('users', table))
users.pipe(sink('inline', postgres('users', { columns: { id: 'text', age: 'double' }, primaryKey: ['id'] })))

// @ts-expect-error: the stream has no field `email`
users.pipe(sink('absent', postgres('users', { columns: { id: 'uuid', email: 'text' }, primaryKey: ['id'] })))

// @ts-expect-error: `age` is a number
users.pipe(sink('type', postgres('users', { columns: { id: 'uuid', age: 'text' }, primaryKey: ['id'] })))

const objects = postgres('users', { columns: { id: 'uuid', address: 'text' }, primaryKey: ['id'] })
// @ts-expect-error: `address` is an object, for which there is no column type
users.pipe(sink('object', objects))

const born = postgres('users', { columns: { id: 'uuid', born: 'date' }, primaryKey: ['id', 'born'] })
// @ts-expect-error: `born` may be null, which no key may be
users.pipe(sink('null', born))

// @ts-expect-error: rows here have no such type
postgres('users', { columns: { id: 'jsonb' }, primaryKey: ['id'] })

// @ts-expect-error: the key is no column
postgres('users', { columns: { age: 'int' }, primaryKey: ['id'] })

// @ts-expect-error: a primary key needs a column
postgres('users', { columns, primaryKey: [] })

// @ts-expect-error: an index is on a column
postgres('users', { columns, primaryKey: ['id'], indexes: [{ column: 'height' }] })
