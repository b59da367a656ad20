import avsc from 'avsc'
import { branchesOf } from './guarded-types.ts'

/**
 * Where a value leaves its type, e.g. `location.city: expected string or null, got object`; undefined if it fits.
 * Names fields and types only: avsc's own messages quote the value. Map keys are data too and read `*`.
 */
export function mismatch(type: avsc.Type, value: unknown, path = ''): string | undefined {
  if (type.isValid(value)) return undefined
  if (type instanceof avsc.types.RecordType && isPlainObject(value)) {
    return firstOf(type.fields, (field) => {
      const missing = value[field.name] === undefined && field.defaultValue() !== undefined
      return missing ? undefined : mismatch(field.type, value[field.name], join(path, field.name))
    })
  }
  if (type instanceof avsc.types.ArrayType && Array.isArray(value)) {
    return firstOf([...value.keys()], (index) =>
      mismatch(type.itemsType, value[index], join(path, String(index))),
    )
  }
  if (type instanceof avsc.types.MapType && isPlainObject(value)) {
    return firstOf(Object.values(value), (item) => mismatch(type.valuesType, item, join(path, '*')))
  }
  const branch = branchesOf(type)?.find((candidate) => isShapedLike(candidate, value))
  if (branch) return mismatch(branch, value, path)
  return `${path === '' ? '' : `${path}: `}expected ${nameOf(type)}, got ${kindOf(value)}`
}

function firstOf<I>(items: readonly I[], find: (item: I) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}

export function isShapedLike(type: avsc.Type, value: unknown): boolean {
  if (type instanceof avsc.types.ArrayType) return Array.isArray(value)
  return (type instanceof avsc.types.RecordType || type instanceof avsc.types.MapType) && isPlainObject(value)
}

function nameOf(type: avsc.Type): string {
  const branches = branchesOf(type)
  if (branches) {
    const names = branches.map(nameOf)
    return [...names.filter((name) => name !== 'null'), ...names.filter((name) => name === 'null')].join(
      ' or ',
    )
  }
  if (type instanceof avsc.types.EnumType) return `one of ${type.symbols.join(', ')}`
  return type instanceof avsc.types.RecordType || type instanceof avsc.types.MapType
    ? 'object'
    : type.typeName
}

/** The kind of a value, told without the value. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (Buffer.isBuffer(value)) return 'bytes'
  if (typeof value !== 'number') return typeof value
  if (!Number.isFinite(value)) return 'a number that is not finite'
  if (!Number.isInteger(value)) return 'a number with a fraction'
  return Number.isSafeInteger(value) ? 'number' : 'a number beyond 2^53'
}
