import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from './crc32c.ts'

/** Where a block of a table is: `size` bytes, one for its type, and four of checksum. */
interface Handle {
  readonly offset: number
  readonly size: number
}

const FOOTER_BYTES = 48
const MAGIC = 0xdb4775248b80fb57n

/**
 * The numbers of the tables that are damaged. LevelDB has checksums in its tables and does not look at them unless
 * told to, which classic-level can't; where it stumbles over the damage, it aborts the process. A table that a kill
 * had interrupted is among them too: it is not in use, and LevelDB removes it when it is opened.
 *
 * The layout is that of LevelDB's doc/table_format.md.
 */
export async function damagedTables(folder: string): Promise<readonly number[]> {
  const damaged: number[] = []
  for (const name of await readdir(folder)) {
    const [, number] = /^(\d+)\.(?:ldb|sst)$/.exec(name) ?? []
    if (number === undefined) continue
    const table = await tableIn(join(folder, name))
    if (table !== undefined && !isWhole(table)) damaged.push(Number(number))
  }
  return damaged
}

/** Undefined if another process, which has the store open, has removed it meanwhile. */
async function tableIn(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function isWhole(table: Buffer): boolean {
  const footer = table.subarray(-FOOTER_BYTES)
  if (footer.length < FOOTER_BYTES || footer.readBigUInt64LE(FOOTER_BYTES - 8) !== MAGIC) return false
  try {
    const at = new Cursor(footer)
    for (const index of [at.handle(), at.handle()])
      for (const handle of handlesIn(block(table, index))) block(table, handle)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Its bytes and, last, its type. @throws RangeError when it is not there, or its checksum is wrong. */
function block(table: Buffer, { offset, size }: Handle): Buffer {
  const bytes = table.subarray(offset, offset + size + 1)
  const crc = crc32c(bytes)
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) | 0
  if (bytes.length !== size + 1 || masked !== table.readInt32LE(offset + size + 1))
    throw new RangeError('checksum')
  return bytes
}

/** The values of an index: where the blocks are. Its keys don't matter here. A compressed one is none of ours. */
function handlesIn(index: Buffer): Handle[] {
  if (index.at(-1) !== 0) return []
  const count = index.readUInt32LE(index.length - 5)
  const end = index.length - 5 - 4 * count
  const at = new Cursor(index)
  const handles: Handle[] = []
  while (at.position < end) {
    at.number()
    const keyBytes = at.number()
    const valueBytes = at.number()
    at.position += keyBytes
    const next = at.position + valueBytes
    handles.push(at.handle())
    at.position = next
  }
  return handles
}

class Cursor {
  position = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  handle(): Handle {
    return { offset: this.number(), size: this.number() }
  }

  /** A varint; beyond 2^53 it is no place in a file that we could have. */
  number(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.position++)
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }
}
