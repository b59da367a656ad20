import { MillraceError } from '../../../lib/errors.ts'
import type { OutRecord } from '../../../lib/record.ts'
import type { Database } from '../connection.ts'
import { databaseError } from '../database-error.ts'
import { type RowEncoding, recordOf } from './delivery.ts'
import { currentRow } from './snapshot.ts'
import { TEXT_SETTINGS } from './text-format.ts'

/** A row that capture has refused: its identity, and when its change was committed. */
export interface RefusedRow {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly committedAt: number
}

/**
 * Reads rows as they are now, with the text that capture sees, and returns each as the record or the dead letter that
 * capture would make of it, in order. Beside a running capture: neither its slot nor its position is touched.
 * @throws {MillraceError} `UNREACHABLE`; `STEP` when `encode` throws anything odd.
 */
export async function captureAgain(
  database: Database,
  rows: readonly RefusedRow[],
  encoding: RowEncoding,
): Promise<OutRecord[]> {
  const { table, identity } = encoding
  const doing = `capture rows of ${table} again`
  const client = await database.session(doing)
  try {
    await client.query(TEXT_SETTINGS)
    const records: OutRecord[] = []
    for (const { id, committedAt } of rows) {
      const row = await currentRow(client, table, new Map([[identity, id]]))
      const delivery = row === undefined ? gone(encoding, id) : { row }
      records.push(recordOf({ ...delivery, committedAt }, encoding))
    }
    return records
  } catch (error) {
    throw databaseError(error, doing, database.server)
  } finally {
    // Its settings are not the pool's.
    client.release(true)
  }
}

function gone({ name, table, identity }: RowEncoding, id: string) {
  const refused = new MillraceError('REJECTED', `the row is gone from ${table}`, { step: name })
  return { row: { [identity]: id }, refused }
}
