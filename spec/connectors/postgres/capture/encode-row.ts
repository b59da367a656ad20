import type { EncodedRow } from '../../../../connectors/postgres/capture/options.ts'
import { MillraceError } from '../../../../lib/errors.ts'

/** As JSON, keyed by name. A row without a name can't be keyed. */
export function encodeRow(row: Record<string, string | null>): EncodedRow {
  if (row.name === null || row.name === undefined) throw new MillraceError('REJECTED', 'no name')
  return {
    key: Buffer.from(row.name),
    value: Buffer.from(JSON.stringify(row)),
    timestamp: 1_600_000_000_000 + Number(row.id),
    headers: [['millrace.staging.id', Buffer.from(row.id ?? '')]],
  }
}
