import { deserialize, serialize } from 'node:v8'
import { MillraceError, messageOf } from '../errors.ts'
import type { Serde } from './serde.ts'

/**
 * Any value that can be cloned (dates, bigints, maps, bytes … as they are), in V8's format: for what stays inside one
 * application, its stores and repartition topics. Nothing else can read it.
 */
export function structured<T>(): Serde<T> {
  return SERDE as Serde<T>
}

const SERDE: Serde<unknown> = {
  writes: 'structured values',
  encode(value) {
    try {
      return serialize(value)
    } catch {
      // V8's message quotes the value.
      throw new MillraceError(
        'REJECTED',
        `${typeof value} holds something that can't be stored, like a function`,
      )
    }
  },
  decode(bytes) {
    try {
      return deserialize(bytes)
    } catch (error) {
      throw new MillraceError('POISON', `not a stored value (${messageOf(error)})`)
    }
  },
}

/** A number in eight bytes: what `count` keeps. */
export const double: Serde<number> = {
  encode(value) {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(value)
    return bytes
  },
  decode(bytes) {
    if (bytes.length !== 8) throw new MillraceError('POISON', `not a number: ${bytes.length} bytes`)
    return bytes.readDoubleBE()
  },
}
