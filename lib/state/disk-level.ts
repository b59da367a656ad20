import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { foreign } from './disk-error.ts'
import { MARK_FILE } from './save-mark.ts'

/** What is asked of LevelDB: keys and values are bytes. */
export type Level = ClassicLevel<Buffer, Buffer>

const FOLDER = 'leveldb'
/** Of the write-ahead log, and so of what a start after a kill -9 has to read again: about a tenth of a second. */
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024

/** For this user alone: state is made of records. */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const found = await readdir(dir)
  if (found.length === 0) return await chmod(dir, 0o700)
  if (!found.includes(FOLDER) && !found.includes(MARK_FILE)) throw foreign(dir)
}

/** `saved`: whether something has been saved here, so that an empty store is not what was. */
export async function openLevel(dir: string, saved: boolean): Promise<Level> {
  const level: Level = new ClassicLevel<Buffer, Buffer>(join(dir, FOLDER), {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: WRITE_BUFFER_BYTES,
    createIfMissing: !saved,
  })
  await level.open()
  return level
}
