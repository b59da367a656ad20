import { hash } from 'node:crypto'

/** A primary key as people write it; different keys are different texts. */
export function keyOfColumns(values: readonly unknown[]): string {
  if (values.length === 1) return String(values[0])
  return values.map((value) => String(value).replaceAll('%', '%25').replaceAll('/', '%2F')).join('/')
}

/** A decoded key of a record. */
export function keyOfRecord(key: unknown): string {
  if (typeof key === 'string') return key
  if (ArrayBuffer.isView(key)) return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex')
  return JSON.stringify(key, ordered) ?? String(key)
}

/** Records without a key are told by what they hold. */
export function keyOfContent(value: Buffer | null): string {
  return `(no key) ${hash('sha256', value ?? '', 'hex')}`
}

function ordered(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}
