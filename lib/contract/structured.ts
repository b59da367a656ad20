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

/** Before every value: V8's mark and its format's version. */
const HEADER = serialize(null).subarray(0, 2)
/** Of a string of one byte a character, then its length. */
const ONE_BYTE_STRING = 0x22
const START = HEADER.length + 2
/** A longer one has more than one byte of length. */
const SHORT = 127

const SERDE: Serde<unknown> = {
  writes: 'structured values',
  encode(value) {
    if (typeof value === 'string') {
      const bytes = shortString(value)
      if (bytes !== undefined) return bytes
    }
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
    if (isShortString(bytes)) return bytes.toString('latin1', START)
    try {
      return deserialize(bytes)
    } catch (error) {
      throw new MillraceError('POISON', `not a stored value (${messageOf(error)})`)
    }
  },
}

/** What `serialize` gives for it, at a tenth of the time: keys and codes are what repartition topics are full of. */
function shortString(value: string): Buffer | undefined {
  if (value.length > SHORT) return undefined
  const bytes = Buffer.allocUnsafe(START + value.length)
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code > 0xff) return undefined
    bytes[START + index] = code
  }
  bytes[0] = HEADER[0]!
  bytes[1] = HEADER[1]!
  bytes[2] = ONE_BYTE_STRING
  bytes[3] = value.length
  return bytes
}

function isShortString(bytes: Buffer): boolean {
  return (
    bytes[2] === ONE_BYTE_STRING &&
    bytes[3] === bytes.length - START &&
    bytes[3] <= SHORT &&
    bytes[1] === HEADER[1] &&
    bytes[0] === HEADER[0]
  )
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
