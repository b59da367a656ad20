/** A stored value as JSON has it: bytes as base64, maps as objects, long integers as text, what it can't say as null. */
export function jsonValue(value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value !== 'object')
    return typeof value === 'function' || typeof value === 'symbol' ? null : value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Map) return objectOf([...value].map(([name, one]) => [nameOf(name), one]))
  if (value instanceof Set) return [...value].map(jsonValue)
  if (Array.isArray(value)) return value.map(jsonValue)
  return objectOf(Object.entries(value))
}

/** Without a prototype: names are what was stored, `__proto__` among them. */
function objectOf(entries: readonly (readonly [string, unknown])[]): unknown {
  const object = Object.create(null) as Record<string, unknown>
  for (const [name, value] of entries) object[name] = jsonValue(value)
  return object
}

function nameOf(name: unknown): string {
  return typeof name === 'object' && name !== null ? JSON.stringify(jsonValue(name)) : String(name)
}
