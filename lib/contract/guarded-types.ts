import avsc from 'avsc'
import { readExactLong, type Tap, Undecodable, writeExactLong } from './exact-long.ts'

/**
 * avsc 5.7.9 with what it lacks against hostile or odd data; built from its own classes, which are pinned exactly.
 * - Array and map counts are believed: six bytes make it loop four billion times. Here a count must fit the bytes.
 * - A negative block size makes it skip backwards, for ever.
 * - A map key `__proto__` sets the prototype of the decoded object.
 * - A record takes a string, a number or an array for a value, and writes its defaults.
 * - Longs below -(2^52) change value and sign; an int may hold more than 32 bits.
 * - An enum takes `constructor` for one of its symbols.
 */
interface Codec {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}
type Write = (this: unknown, tap: Tap, value: unknown) => void
type Check = (this: unknown, value: unknown, flags: number, hook?: unknown, path?: unknown) => boolean

const itemsOf = (array: unknown): Codec => (array as { itemsType: Codec }).itemsType
const valuesOf = (map: unknown): Codec => (map as { valuesType: Codec }).valuesType

/** The next block's item count, 0 at the end. Every item takes a byte at least: `refuseZeroWidthItems` sees to it. */
function blockCount(tap: Tap): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    if (tap.readLong() < 0) throw new Undecodable('negative block size')
  }
  if (count > tap.buf.length - tap.pos)
    throw new Undecodable('truncated: more items announced than bytes left')
  return count
}

class GuardedArray extends avsc.types.ArrayType {
  // `this` may be avsc's resolver, which borrows this method and carries its own `itemsType`.
  _read(tap: Tap): unknown[] {
    const items: unknown[] = []
    const type = itemsOf(this)
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      while (count-- > 0) items.push(type._read(tap))
    }
    return items
  }

  _skip(tap: Tap): void {
    const type = itemsOf(this)
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      while (count-- > 0) type._skip(tap)
    }
  }
}

const writeMap = (avsc.types.MapType.prototype as unknown as { _write: Write })._write

class GuardedMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const map: Record<string, unknown> = Object.create(null)
    const type = valuesOf(this)
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      while (count-- > 0) {
        const key = tap.readString()
        if (key === '__proto__') throw new Undecodable('a map key is __proto__')
        map[key] = type._read(tap)
      }
    }
    return map
  }

  _skip(tap: Tap): void {
    const type = valuesOf(this)
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      while (count-- > 0) {
        tap.skipString()
        type._skip(tap)
      }
    }
  }

  _write(tap: Tap, value: object): void {
    if (isObject(value) && Object.hasOwn(value, '__proto__')) throw new Error('a map key is __proto__')
    writeMap.call(this, tap, value)
  }
}

const recordParts = avsc.types.RecordType.prototype as unknown as {
  _createWriter(): Write
  _createChecker(): Check
}

class GuardedRecord extends avsc.types.RecordType {
  _createWriter(): Write {
    const write = recordParts._createWriter.call(this)
    return function (this: unknown, tap, value) {
      if (!isObject(value)) throw new Error('not an object')
      write.call(this, tap, value)
    }
  }

  _createChecker(): Check {
    const check = recordParts._createChecker.call(this)
    return function (this: unknown, value, flags, hook, path) {
      return isObject(value) && check.call(this, value, flags, hook, path)
    }
  }
}

class GuardedLong extends avsc.types.LongType {
  _read(tap: Tap): number {
    return readExactLong(tap)
  }

  _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new Error('not a safe integer')
    writeExactLong(tap, value as number)
  }

  _check(value: unknown, _flags: number, hook?: (value: unknown, type: avsc.Type) => void): boolean {
    const fits = Number.isSafeInteger(value)
    if (!fits) hook?.(value, this)
    return fits
  }
}

class GuardedInt extends avsc.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readLong()
    if ((value | 0) !== value) throw new Undecodable('an int of more than 32 bits')
    return value
  }
}

class GuardedEnum extends avsc.types.EnumType {
  constructor(schema: avsc.Schema, opts?: unknown) {
    super(schema, opts)
    Object.setPrototypeOf((this as unknown as { _indices: object })._indices, null)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}

const GUARDED = {
  int: GuardedInt,
  long: GuardedLong,
  enum: GuardedEnum,
  array: GuardedArray,
  map: GuardedMap,
  record: GuardedRecord,
}

/** Called by avsc for every schema in a schema; what it does not answer avsc builds itself. */
function guard(schema: avsc.Schema, opts: unknown): avsc.Type | undefined {
  const kind = (schema as { type?: unknown }).type
  if (typeof kind !== 'string' || !Object.hasOwn(GUARDED, kind)) return undefined
  return new GUARDED[kind as keyof typeof GUARDED](schema, opts)
}

/**
 * Parses an Avro schema. `never` gives plain values for unions and throws where that would be ambiguous, so a value's
 * shape can't change when a branch is added; `always` is for writers' schemas, whose unions are only read through.
 * Logical types stay what they are made of.
 */
export function parseAvro(schema: unknown, wrapUnions: 'never' | 'always'): avsc.Type {
  const type = avsc.Type.forSchema(schema as avsc.Schema, {
    wrapUnions,
    omitRecordMethods: true,
    typeHook: guard,
  })
  refuseZeroWidthItems(type)
  return type
}

function refuseZeroWidthItems(type: avsc.Type): void {
  for (const part of partsOf(type)) {
    if (part instanceof avsc.types.ArrayType && isZeroWidth(part.itemsType)) {
      throw new Error('an array whose items take no bytes: six bytes of it would fill the memory')
    }
  }
}

function isZeroWidth(type: avsc.Type, within: ReadonlySet<avsc.Type> = new Set()): boolean {
  if (type instanceof avsc.types.FixedType) return type.size === 0
  if (!(type instanceof avsc.types.RecordType)) return type.typeName === 'null'
  if (within.has(type)) return true
  const inner = new Set(within).add(type)
  return type.fields.every((field) => isZeroWidth(field.type, inner))
}

/** A type and all types in it, each once. */
export function partsOf(type: avsc.Type): ReadonlySet<avsc.Type> {
  const parts = new Set([type])
  for (const part of parts) for (const child of childrenOf(part)) parts.add(child)
  return parts
}

function childrenOf(type: avsc.Type): readonly avsc.Type[] {
  if (type instanceof avsc.types.RecordType) return type.fields.map((field) => field.type)
  if (type instanceof avsc.types.ArrayType) return [type.itemsType]
  if (type instanceof avsc.types.MapType) return [type.valuesType]
  return branchesOf(type) ?? []
}

/** The branches of a union; undefined for any other type. */
export function branchesOf(type: avsc.Type): readonly avsc.Type[] | undefined {
  const isUnion = type instanceof avsc.types.UnwrappedUnionType || type instanceof avsc.types.WrappedUnionType
  return isUnion ? type.types : undefined
}
