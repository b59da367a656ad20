import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { MillraceError } from '../../../lib/errors.ts'
import { isLocked } from '../../../lib/level-error.ts'
import { requireFormat } from './format.ts'
import { storeError } from './store-error.ts'

/** What is asked of LevelDB: keys and values are bytes. */
export type Store = ClassicLevel<Buffer, Buffer>

export type StoreOperation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer }

const FOLDER = 'log'
/** Of the write-ahead log, and so of what a start after a kill -9 has to read again: about a tenth of a second. */
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024
const CACHE_BYTES = 16 * 1024 * 1024
/** A chunk is larger than LevelDB's default block of 4 KiB anyway. */
const BLOCK_BYTES = 16 * 1024

/**
 * Opens the store in `dir`, or resolves with undefined when another process has it. The folder is made, for this
 * user alone, if it is not there.
 *
 * @throws MillraceError `CONFIG` for a folder that holds something else or a newer format, `UNREACHABLE` when the
 * disk is full or does not answer.
 */
export async function openStore(dir: string): Promise<Store | undefined> {
  await makeFolder(dir)
  const store: Store = new ClassicLevel<Buffer, Buffer>(join(dir, FOLDER), {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: CACHE_BYTES,
    blockSize: BLOCK_BYTES,
  })
  try {
    await store.open()
  } catch (error) {
    if (isLocked(error)) return undefined
    throw storeError(error, 'opening it', dir)
  }
  try {
    await requireFormat(store, dir)
    return store
  } catch (error) {
    await store.close()
    throw storeError(error, 'reading its format', dir)
  }
}

async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const found = await readdir(dir)
    // A folder that was there before may be open to others; records are not for them.
    if (found.length === 0) return await chmod(dir, 0o700)
    if (found.includes(FOLDER)) return
  } catch (error) {
    throw storeError(error, 'making its folder', dir)
  }
  throw new MillraceError(
    'CONFIG',
    `${dir} is not a folder of the embedded log: it holds other things. Give one that is empty or new.`,
  )
}
