/** A position in PostgreSQL's write-ahead log: a 64-bit byte address. */
export type Lsn = bigint

/** PostgreSQL's text form, e.g. `0/16B3748`. */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`
}

/** @throws {TypeError} for text that is no LSN. */
export function parseLsn(text: string): Lsn {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? []
  if (high === undefined || low === undefined) throw new TypeError(`"${text}" is no LSN`)
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

export function laterOf(a: Lsn, b: Lsn): Lsn {
  return a > b ? a : b
}
