import avsc from 'avsc'
import { MillraceError } from '../errors.ts'
import type { Contract } from './avro.ts'
import { branchesOf } from './guarded-types.ts'
import { isPlainObject, isShapedLike, mismatch } from './mismatch.ts'

/**
 * Takes from foreign data what the contract names, and nothing else: what it has no field for is dropped, what is
 * absent becomes null or the field's default. Nothing is converted.
 * Throws `REJECTED`, naming field path and expected type, never the value.
 */
export function project<T>(contract: Contract<T>, value: unknown): T {
  const picked = pick(contract.type, value)
  const reason = mismatch(contract.type, picked)
  if (reason !== undefined) throw new MillraceError('REJECTED', reason)
  return picked as T
}

function pick(type: avsc.Type, value: unknown): unknown {
  const branches = branchesOf(type)
  if (branches) return pickBranch(branches, value)
  if (type instanceof avsc.types.RecordType && isPlainObject(value)) return pickFields(type, value)
  if (type instanceof avsc.types.ArrayType && Array.isArray(value)) {
    return value.map((item) => pick(type.itemsType, item))
  }
  if (type instanceof avsc.types.MapType && isPlainObject(value)) {
    const entries = Object.entries(value).map(([key, item]) => [key, pick(type.valuesType, item)] as const)
    return Object.assign(Object.create(null), Object.fromEntries(entries))
  }
  return value
}

function pickBranch(branches: readonly avsc.Type[], value: unknown): unknown {
  if (value === undefined && branches.some((branch) => branch.typeName === 'null')) return null
  const branch = branches.find((candidate) => isShapedLike(candidate, value))
  return branch ? pick(branch, value) : value
}

function pickFields(type: avsc.types.RecordType, value: Readonly<Record<string, unknown>>): unknown {
  const entries = type.fields.map((field) => {
    const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined
    return [
      field.name,
      given === undefined ? (field.defaultValue() ?? pick(field.type, given)) : pick(field.type, given),
    ]
  })
  return Object.fromEntries(entries)
}
