import { MillraceError } from '../errors.ts'
import { damaged, foreign } from './disk-error.ts'
import { decodeHead, type Head, NEVER_SAVED } from './disk-head.ts'
import { ENTRIES, FORMAT_KEY, HEAD_KEY, keyAt, StoreReader, unsealed } from './disk-layout.ts'
import type { Level } from './disk-level.ts'

/** Raised by every change after which an older millrace would read wrongly. */
const FORMAT = 1
const ENTRIES_AT_A_TIME = 1000
const BYTES_AT_A_TIME = 1024 * 1024

/** The key is the bytes of `diskKey` from `from` on. */
export type Restored = (store: string, diskKey: Buffer, from: number, seal: number) => void

/**
 * Reads and checks all that was saved, and tells of each entry. LevelDB checks its own write-ahead log and its list
 * of files, but skips damaged batches of the one without a word, and checks no data; we know from the head what all
 * entries together must be.
 */
export async function restoreFrom(
  level: Level,
  dir: string,
  marked: number,
  restored: Restored,
): Promise<Head> {
  const format = await level.get(FORMAT_KEY)
  if (format === undefined) return begin(level, dir, marked)
  requireFormat(format, dir, marked)
  const head = headOf(await level.get(HEAD_KEY), dir)
  if (head.sequence < marked) {
    throw damaged(dir, `save ${marked} was complete, and what is there is of save ${head.sequence}`)
  }
  const { count, sum } = await readEntries(level, dir, restored)
  if (count !== head.count || sum !== head.sum) {
    throw damaged(dir, `its ${count} entries are not the ${head.count} of save ${head.sequence}`)
  }
  return head
}

/** A kill -9 between making a store and marking it leaves an empty one. */
async function begin(level: Level, dir: string, marked: number): Promise<Head> {
  const [first] = await level.keys({ limit: 1 }).all()
  if (first !== undefined || marked > 0) throw unknown(dir, marked)
  await level.put(FORMAT_KEY, Buffer.from(`millrace state ${FORMAT}`), { sync: true })
  return NEVER_SAVED
}

function headOf(bytes: Buffer | undefined, dir: string): Head {
  const head = bytes === undefined ? NEVER_SAVED : decodeHead(bytes)
  if (head === undefined) throw damaged(dir, 'the record of the last save has a wrong checksum')
  return head
}

function requireFormat(found: Buffer, dir: string, marked: number): void {
  const [, version] = /^millrace state (\d+)$/.exec(found.toString('latin1')) ?? []
  if (version === undefined) throw unknown(dir, marked)
  if (Number(version) === FORMAT) return
  throw new MillraceError(
    'CONFIG',
    `The state in ${dir} has format ${version}; this millrace reads format ${FORMAT}. Use the millrace that wrote it, or delete the folder, and the state is restored from its changelog.`,
  )
}

/** What does not say that it is ours: if we have saved here it was, and is damaged. */
function unknown(dir: string, marked: number): MillraceError {
  return marked > 0 ? damaged(dir, 'it does not say what it is') : foreign(dir)
}

async function readEntries(level: Level, dir: string, restored: Restored) {
  const stores = new StoreReader()
  let [count, sum] = [0, 0]
  const iterator = level.iterator({ ...ENTRIES, highWaterMarkBytes: BYTES_AT_A_TIME })
  try {
    for (;;) {
      const entries = await iterator.nextv(ENTRIES_AT_A_TIME)
      if (entries.length === 0) return { count, sum }
      for (const [diskKey, bytes] of entries) {
        const from = keyAt(diskKey)
        if (from === 0) throw damaged(dir, 'a key is none of a store')
        const store = stores.of(diskKey)
        const seal = unsealed(diskKey, bytes)?.[0]
        if (seal === undefined) throw damaged(dir, `an entry of store '${store}' has a wrong checksum`)
        restored(store, diskKey, from, seal)
        count++
        sum = (sum + seal) | 0
      }
    }
  } finally {
    await iterator.close()
  }
}
