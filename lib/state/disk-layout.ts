import { crc32 } from 'node:zlib'
import { MillraceError } from '../errors.ts'

/**
 * What is where in LevelDB: the format under `f`, what is known of the last save under `m`, and each entry under
 * `d`, the name of its store, a zero and its key. All but the format are sealed.
 */
export const FORMAT_KEY = Buffer.from('f')
export const HEAD_KEY = Buffer.from('m')
const ENTRY = 'd'
const SEPARATOR = '\0'
const SEAL_BYTES = 4

/** Where all entries lie. */
export const ENTRIES = { gte: Buffer.from(ENTRY), lt: Buffer.from('e') }

/** What goes before the keys of a store: latin1, as keys are. */
export function entryPrefix(store: string): string {
  if (store.includes(SEPARATOR))
    throw new MillraceError('CONFIG', `A store's name can't hold U+0000: ${JSON.stringify(store)}`)
  return ENTRY + Buffer.from(store).toString('latin1') + SEPARATOR
}

export function diskKey(prefix: string, key: string): Buffer {
  return Buffer.from(prefix + key, 'latin1')
}

/** The store and the key of what lies in `ENTRIES`; undefined if it is no entry. */
export function entryOf(diskKey: Buffer): readonly [store: string, key: string] | undefined {
  const end = diskKey.indexOf(0)
  if (end < 0) return undefined
  return [diskKey.toString('utf8', 1, end), diskKey.toString('latin1', end + 1)]
}

/** A checksum over key and value, which LevelDB does not check when it reads; a signed number of 32 bits. */
export function sealOf(diskKey: Buffer, value: Buffer): number {
  return crc32(value, crc32(diskKey)) | 0
}

export function sealed(seal: number, value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(SEAL_BYTES + value.length)
  bytes.writeInt32BE(seal)
  value.copy(bytes, SEAL_BYTES)
  return bytes
}

/** The value and its seal; undefined if the seal is not that of key and value. */
export function unsealed(diskKey: Buffer, bytes: Buffer): readonly [seal: number, value: Buffer] | undefined {
  if (bytes.length < SEAL_BYTES) return undefined
  const value = bytes.subarray(SEAL_BYTES)
  const seal = bytes.readInt32BE()
  return sealOf(diskKey, value) === seal ? [seal, value] : undefined
}
