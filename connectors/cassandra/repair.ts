import { types } from 'cassandra-driver'
import type { FoundRow, RowRepair, SinkContext, SinkRow, StoredRow } from '../../lib/ports.ts'
import { fitsColumn } from '../../lib/table/column-values.ts'
import { TableRows } from '../../lib/table/table-row.ts'
import type { Connection } from './connection.ts'
import { fromDriver, toDriver } from './cql-values.ts'
import { readGeneration } from './generations.ts'
import { clocksOf, largestClock, selectRowStatement } from './read.ts'
import { deleteStatement, insertStatement } from './statements.ts'
import type { CassandraTarget } from './table.ts'

/** @throws {MillraceError} `MISSING` where the application has no generation. */
export async function openRepair(
  connection: Connection,
  target: CassandraTarget,
  { application, step }: SinkContext,
): Promise<RowRepair> {
  const generation = await readGeneration(connection, application)
  const { keyspace } = connection
  const clocked = clocksOf(target)
  const table = `Cassandra table ${keyspace}.${target.name}`
  const rows = new TableRows({ target, step, table, fits: fitsColumn })
  const keyOf = (key: readonly unknown[]) =>
    key.map((value, index) => toDriver(value, target.columns[target.key[index]!]!))
  return { generation, readRow, writeRow }

  async function readRow(key: readonly unknown[]): Promise<FoundRow> {
    const [row] = await connection.query(
      `read a row of ${target.name}`,
      selectRowStatement(keyspace, target, clocked),
      keyOf(key),
    )
    if (row === undefined) return { value: null, clock: null }
    const columns = Object.keys(target.columns)
    const value = Object.fromEntries(columns.map((column) => [column, fromDriver(row[column])]))
    return { value, clock: largestClock(row, clocked) }
  }

  async function writeRow(
    key: readonly unknown[],
    value: StoredRow['value'] | null,
    clock: number,
  ): Promise<void> {
    const using = types.Long.fromNumber(clock)
    const doing = `mend a row of ${target.name}`
    if (value === null) {
      await connection.query(doing, deleteStatement(keyspace, target), [using, ...keyOf(key)])
      return
    }
    const [checked] = rows.checkAll([asRow(value, step)], 0)
    const columnTypes = Object.values(target.columns)
    const bound = checked!.values!.map((cell, index) =>
      cell === null ? null : toDriver(cell, columnTypes[index]!),
    )
    await connection.query(doing, insertStatement(keyspace, target), [...bound, using])
  }
}

/** What a check needs of a row; its clock is the caller's. */
function asRow(value: StoredRow['value'], step: string): SinkRow {
  return { value, key: null, timestamp: 0, headers: [], origin: { topic: step, partition: 0, offset: 0 } }
}
