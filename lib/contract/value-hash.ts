import { hash } from 'node:crypto'

const BYTES = 16

/**
 * 128 bits that equal values share, and others don't. By what a value holds, not by its stored bytes: V8 writes one
 * object in several ways, depending on how its numbers happen to lie in memory.
 */
export function valueHash(value: unknown): Buffer {
  return hash('sha256', canonical(value), 'buffer').subarray(0, BYTES)
}

function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof Map) return `Map(${canonical([...value])})`
  if (value instanceof Set) return `Set(${canonical([...value])})`
  if (ArrayBuffer.isView(value)) return `Bytes(${bytesOf(value).toString('base64')})`
  return `{${Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical((value as Record<string, unknown>)[name])}`)
    .join()}}`
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
