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

/** Where the key begins in the store of what lies in `ENTRIES`; 0 if it is no entry. */
export function keyAt(diskKey: Buffer): number {
  return diskKey.indexOf(0) + 1
}

/** Reads of which store an entry is. Those of a store lie side by side: its name is read once. */
export class StoreReader {
  #prefix: Buffer = Buffer.alloc(0)
  #store = ''

  of(diskKey: Buffer): string {
    if (startsWith(diskKey, this.#prefix)) return this.#store
    this.#prefix = diskKey.subarray(0, keyAt(diskKey))
    this.#store = this.#prefix.toString('utf8', ENTRY.length, this.#prefix.length - SEPARATOR.length)
    return this.#store
  }
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

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false
  return prefix.length > 0
}
