import type { FoundRow, RowRepair, SinkContext, SinkRow } from '../../../lib/ports.ts'
import { TableRows } from '../../../lib/table/table-row.ts'
import type { Database } from '../connection.ts'
import { parametersOf } from './batch.ts'
import { fitsPostgres, toParameter } from './column-types.ts'
import { readGeneration } from './generations.ts'
import { type Row, rowReader } from './read.ts'
import { CLOCK, DELETED } from './reserved-columns.ts'
import { selectRowStatement, upsertStatement } from './statements.ts'
import type { StoredTable } from './stored-table.ts'

/** @throws {MillraceError} `MISSING` where the application has no generation. */
export async function openRepair(
  database: Database,
  stored: StoredTable,
  { application, step }: SinkContext,
): Promise<RowRepair> {
  const { target, name } = stored
  const generation = await readGeneration(database, application)
  const rows = new TableRows({ target, step, table: `PostgreSQL table ${name}`, fits: fitsPostgres })
  const toRow = rowReader(stored)
  const select = selectRowStatement(stored)
  const upsert = upsertStatement({ ...stored, target: { ...target, absent: 'null' } })
  return {
    generation,
    readRow: async (key): Promise<FoundRow> => {
      const [row] = await database.query<Row>(`read a row of ${name}`, select, key.map(toParameter))
      if (row === undefined) return { value: null, clock: null }
      return row[DELETED] === true ? { value: null, clock: Number(row[CLOCK]) } : toRow(row)
    },
    writeRow: async (key, value, clock) => {
      const given = Object.fromEntries(target.key.map((column, index) => [column, key[index]]))
      const origin = { topic: step, partition: 0, offset: 0 }
      const row: SinkRow = { value, key: given, timestamp: 0, headers: [], origin }
      const [checked] = rows.checkAll([row], 0)
      await database.query(`mend a row of ${name}`, upsert, parametersOf(stored, [{ ...checked!, clock }]))
    },
  }
}
