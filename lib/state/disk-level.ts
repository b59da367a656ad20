import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { damaged, foreign } from './disk-error.ts'
import { MARK_FILE } from './save-mark.ts'
import { damagedTables } from './table-check.ts'

/** What is asked of LevelDB: keys and values are bytes. */
export type Level = ClassicLevel<Buffer, Buffer>

/** Collects what is written at once. */
export type Batch = ReturnType<Level['batch']>

export const FOLDER = 'leveldb'
/** Of the write-ahead log, and so of what a start after a kill -9 has to read again: about a tenth of a second. */
const WRITE_BUFFER_BYTES = 8 * 1024 * 1024

/** For this user alone: state is made of records. */
export async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const found = await readdir(dir)
  if (found.length === 0) return await chmod(dir, 0o700)
  if (!found.includes(FOLDER) && !found.includes(MARK_FILE)) throw foreign(dir)
}

/**
 * `saved`: whether something has been saved here, so that an empty store is not what was. Not compressed, as Kafka
 * Streams' RocksDB is not: reads are faster, and tables can be checked.
 */
export async function openLevel(dir: string, saved: boolean): Promise<Level> {
  const folder = join(dir, FOLDER)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const suspects = await damagedTables(folder)
  const level = await opened(folder, !saved)
  try {
    await requireTables(level, dir, suspects)
    return level
  } catch (error) {
    await level.close()
    throw error
  }
}

/**
 * Looks again at tables that are in use and were damaged before LevelDB was opened: what a kill, or a close, has left
 * of one is not, but LevelDB may have given its number to a new one at once.
 */
async function requireTables(level: Level, dir: string, suspects: readonly number[]): Promise<void> {
  const inUse = tablesOf(level)
  const inQuestion = suspects.filter((number) => inUse.has(number))
  if (inQuestion.length === 0) return
  const found = (await damagedTables(join(dir, FOLDER))).filter((number) => inQuestion.includes(number))
  if (found.length > 0) throw damaged(dir, `table ${found.join(', ')} of LevelDB has a wrong checksum`)
}

/** Nothing is checked. */
export function openExisting(dir: string): Promise<Level> {
  return opened(join(dir, FOLDER), false)
}

async function opened(folder: string, createIfMissing: boolean): Promise<Level> {
  const level: Level = new ClassicLevel<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: WRITE_BUFFER_BYTES,
    compression: false,
    createIfMissing,
  })
  await level.open()
  return level
}

/** The numbers of the tables in use: a line each, such as ` 5:1234['a' … 'b' …]`, under a heading for each level. */
function tablesOf(level: Level): ReadonlySet<number> {
  const lines = level.getProperty('leveldb.sstables').matchAll(/^ (\d+):\d+\[/gm)
  return new Set(Array.from(lines, ([, number]) => Number(number)))
}
