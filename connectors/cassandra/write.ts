import { types } from 'cassandra-driver'
import { MillraceError, place } from '../../lib/errors.ts'
import type { SinkRow } from '../../lib/ports.ts'
import { fitsType, toDriver } from './cql-values.ts'
import { deleteStatement, insertStatement, tableName } from './statements.ts'
import { type CassandraTarget, keyColumns } from './table.ts'
import { type Clocked, writeClock } from './write-clock.ts'

/** One statement to send. Sent again it carries the same clock, so that it changes nothing. */
export interface Write extends Clocked {
  readonly cql: string
  readonly params: readonly unknown[]
  readonly row: SinkRow
}

/** Turns rows into statements, and refuses those that Cassandra could never take. */
export class WriteBuilder {
  readonly #target: CassandraTarget
  readonly #step: string
  readonly #table: string
  readonly #insert: string
  readonly #delete: string
  readonly #columns: readonly (readonly [name: string, type: CassandraTarget['columns'][string]])[]
  readonly #keys: readonly string[]

  constructor(keyspace: string, target: CassandraTarget, step: string) {
    this.#target = target
    this.#step = step
    this.#table = tableName(keyspace, target).replaceAll('"', '')
    this.#insert = insertStatement(keyspace, target)
    this.#delete = deleteStatement(keyspace, target)
    this.#columns = Object.entries(target.columns)
    this.#keys = keyColumns(target)
  }

  /** @throws {MillraceError} `WRITE` naming step, column and the record's place; never the value. */
  build(row: SinkRow, generation: number): Write {
    const clock = writeClock(row.timestamp, generation)
    if (clock === undefined) throw this.refuse(row, 'the record has no usable timestamp')
    const using = types.Long.fromNumber(clock)
    if (row.value === null) {
      const key = this.#boundKey(keyFields(row, this.#keys), row)
      return { id: idOf(key), clock, cql: this.#delete, params: [using, ...key], row }
    }
    const key = this.#boundKey(row.value, row)
    const value = row.value
    const columns = this.#columns.map(([name]) => this.#bound(value, name, row))
    return { id: idOf(key), clock, cql: this.#insert, params: [...columns, using], row }
  }

  refuse(row: SinkRow, reason: string): MillraceError {
    const at = { step: this.#step, ...row.origin }
    return new MillraceError(
      'WRITE',
      `sink "${this.#step}" can't write ${place(row.origin)} to Cassandra table ${this.#table}: ${reason}`,
      at,
    )
  }

  #boundKey(fields: Readonly<Record<string, unknown>>, row: SinkRow): unknown[] {
    return this.#keys.map((name) => {
      if (fields[name] == null) throw this.refuse(row, `primary key column "${name}" is null or missing`)
      return this.#bound(fields, name, row)
    })
  }

  #bound(fields: Readonly<Record<string, unknown>>, name: string, row: SinkRow): unknown {
    const value = fields[name]
    const type = this.#target.columns[name]!
    if (value == null) return this.#target.absent === 'unset' ? types.unset : null
    if (fitsType(value, type)) return toDriver(value, type)
    throw this.refuse(row, `column "${name}" is of type ${type}, which this ${typeof value} does not fit`)
  }
}

/** A deletion has no value: its record's key is the primary key, as an object or as its only column. */
function keyFields(row: SinkRow, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof row.key === 'object' && row.key !== null) return row.key as Readonly<Record<string, unknown>>
  return keys.length === 1 ? { [keys[0]!]: row.key } : {}
}

function idOf(key: readonly unknown[]): string {
  return JSON.stringify(key.map(String))
}
