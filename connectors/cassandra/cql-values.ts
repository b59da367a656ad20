import { types } from 'cassandra-driver'
import type { ColumnType } from '../../lib/table/table.ts'

/** A value that fits its type, as the driver takes it. */
export function toDriver(value: unknown, type: ColumnType): unknown {
  if (type === 'date') return types.LocalDate.fromString(String(value))
  if (type === 'bigint' || type === 'timestamp') return types.Long.fromNumber(value as number)
  return value
}

/** What the driver reads, in the shape in which rows are written: uuids in lower case, dates in days, timestamps in ms. */
export function fromDriver(value: unknown): unknown {
  if (value === undefined) return null
  if (value instanceof types.Uuid) return value.toString()
  if (value instanceof types.LocalDate) return value.toBuffer().readUInt32BE(0) - 2 ** 31
  if (value instanceof Date) return value.getTime()
  if (types.Long.isLong(value)) return value.toNumber()
  return value
}
