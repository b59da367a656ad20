import { types } from 'cassandra-driver'
import type { MillraceError } from '../../lib/errors.ts'
import type { SinkRow } from '../../lib/ports.ts'
import { fitsColumn } from '../../lib/table/column-values.ts'
import type { ColumnType } from '../../lib/table/table.ts'
import { TableRows } from '../../lib/table/table-row.ts'
import type { Clocked } from '../../lib/table/write-clock.ts'
import { toDriver } from './cql-values.ts'
import { deleteStatement, insertStatement } from './statements.ts'
import type { CassandraTarget } from './table.ts'

/** One statement to send. Sent again it carries the same clock, so that it changes nothing. */
export interface Write extends Clocked {
  readonly cql: string
  readonly params: readonly unknown[]
  readonly row: SinkRow
}

/** Turns rows into statements, and refuses those that Cassandra could never take. */
export class WriteBuilder {
  readonly #rows: TableRows
  readonly #insert: string
  readonly #delete: string
  readonly #types: readonly ColumnType[]
  readonly #keyTypes: readonly ColumnType[]
  readonly #absent: unknown

  constructor(keyspace: string, target: CassandraTarget, step: string) {
    const table = `Cassandra table ${keyspace}.${target.name}`
    this.#rows = new TableRows({ target, step, table, fits: fitsColumn })
    this.#insert = insertStatement(keyspace, target)
    this.#delete = deleteStatement(keyspace, target)
    this.#types = Object.values(target.columns)
    this.#keyTypes = target.key.map((column) => target.columns[column]!)
    this.#absent = target.absent === 'unset' ? types.unset : null
  }

  /** @throws {MillraceError} `WRITE` naming every row that Cassandra could never hold; never a value. */
  build(rows: readonly SinkRow[], generation: number): Write[] {
    return this.#rows.checkAll(rows, generation).map(({ id, clock, key, values, row }) => {
      const using = types.Long.fromNumber(clock)
      return values === undefined
        ? { id, clock, cql: this.#delete, params: [using, ...this.#bound(key, this.#keyTypes)], row }
        : { id, clock, cql: this.#insert, params: [...this.#bound(values, this.#types), using], row }
    })
  }

  refuse(row: SinkRow, reason: string): MillraceError {
    return this.#rows.refuse(row, reason)
  }

  refuseAll(errors: readonly MillraceError[]): MillraceError {
    return this.#rows.refuseAll(errors)
  }

  #bound(values: readonly unknown[], columnTypes: readonly ColumnType[]): unknown[] {
    return values.map((value, index) =>
      value === null ? this.#absent : toDriver(value, columnTypes[index]!),
    )
  }
}
