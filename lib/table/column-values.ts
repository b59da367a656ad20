import type { ColumnType } from './table.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const INT_MAX = 2 ** 31 - 1
/** ECMAScript's range of time, to which dates and timestamps are bound. */
const LAST_DAY = 100_000_000
const LAST_MS = LAST_DAY * 86_400_000

const isWhole = (value: unknown, largest: number): value is number =>
  Number.isInteger(value) && Math.abs(value as number) <= largest

const fits: Readonly<Record<ColumnType, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  uuid: (value) => typeof value === 'string' && UUID.test(value),
  int: (value) => isWhole(value, INT_MAX) || value === -INT_MAX - 1,
  bigint: (value) => Number.isSafeInteger(value),
  double: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  date: (value) => isWhole(value, LAST_DAY),
  timestamp: (value) => isWhole(value, LAST_MS),
}

/** Checked before a client sees the value: clients coerce what they can ("12" to 12) and print what they can't. */
export function fitsColumn(value: unknown, type: ColumnType): boolean {
  return fits[type](value)
}
