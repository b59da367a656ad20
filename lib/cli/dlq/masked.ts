/** The shape of a value without what it holds: names, types and lengths. */
export function masked(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null
  if (typeof value === 'string') return `text of ${value.length}`
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return value.map(masked)
  if (value instanceof Date || typeof value !== 'object') return value instanceof Date ? 'date' : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, masked(field)]))
}
