import { types } from 'cassandra-driver'
import type { CqlType } from './table.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const INT_MAX = 2 ** 31 - 1
/** ECMAScript's range of time, to which the driver's dates and timestamps are bound. */
const LAST_DAY = 100_000_000
const LAST_MS = LAST_DAY * 86_400_000

const isWhole = (value: unknown, largest: number): value is number =>
  Number.isInteger(value) && Math.abs(value as number) <= largest

/** The driver coerces what it can ("12" to 12) and prints the value where it can't, so we check first. */
const fits: Readonly<Record<CqlType, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  uuid: (value) => typeof value === 'string' && UUID.test(value),
  int: (value) => isWhole(value, INT_MAX) || value === -INT_MAX - 1,
  bigint: (value) => Number.isSafeInteger(value),
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  date: (value) => isWhole(value, LAST_DAY),
  timestamp: (value) => isWhole(value, LAST_MS),
}

export function fitsType(value: unknown, type: CqlType): boolean {
  return fits[type](value)
}

/** A value that fits its type, as the driver takes it; uuids in lower case, so that equal ones look equal. */
export function toDriver(value: unknown, type: CqlType): unknown {
  if (type === 'uuid') return (value as string).toLowerCase()
  if (type === 'date') return types.LocalDate.fromString(String(value))
  if (type === 'bigint' || type === 'timestamp') return types.Long.fromNumber(value as number)
  return value
}

/** The inverse of `toDriver` for what the driver reads: uuids in lower case, dates in days, timestamps in ms. */
export function fromDriver(value: unknown): unknown {
  if (value === undefined) return null
  if (value instanceof types.Uuid) return value.toString()
  if (value instanceof types.LocalDate) return value.toBuffer().readUInt32BE(0) - 2 ** 31
  if (value instanceof Date) return value.getTime()
  if (types.Long.isLong(value)) return value.toNumber()
  return value
}
