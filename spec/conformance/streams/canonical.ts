/**
 * One text for equal JSON, whatever the order of its names: sorted as UTF-16, no spaces. What is no JSON (undefined,
 * NaN, a Map, a Buffer) gets a text that no JSON has, so that it equals nothing that was read from a file.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `<${value}>`
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${Array.from(value, canonical).join(',')}]`
  if (isPlain(value)) return `{${fields(value, Object.keys(value).sort()).join(',')}}`
  return `<${typeof value === 'object' ? (value.constructor?.name ?? 'object') : `${typeof value} ${String(value)}`}>`
}

/** The outermost names in the order given, everything inside them canonical; absent ones are left out. */
export function recordText(record: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(record).filter((name) => name === 'value' || record[name] !== undefined)
  return `{${names.map((name) => `${JSON.stringify(name)}:${name === 'key' ? keyText(record[name]) : canonical(record[name])}`).join(',')}}`
}

/** A windowed key reads `{key,start,end}`, in that order. */
export function keyText(key: unknown): string {
  if (!isPlain(key) || Object.keys(key).sort().join() !== 'end,key,start') return canonical(key)
  return `{${fields(key, ['key', 'start', 'end']).join(',')}}`
}

function fields(value: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  return names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
