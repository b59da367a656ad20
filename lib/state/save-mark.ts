import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

export const MARK_FILE = 'saved'
const PATTERN = /^(\d{16}) ([0-9a-f]{8})\n$/

/**
 * The number of the last save, in a file beside LevelDB's, written when LevelDB has it. What is cut off at the end of
 * LevelDB's own log looks to it like a write that a kill had interrupted; here it is seen. Not synced: after a power
 * failure it may be behind, which proves nothing, but never ahead.
 */
export class SaveMark {
  /** As it was found; 0 if it was not there or can't be read. */
  readonly sequence: number
  readonly #path: string

  private constructor(path: string, sequence: number) {
    this.#path = path
    this.sequence = sequence
  }

  static async read(dir: string): Promise<SaveMark> {
    const path = join(dir, MARK_FILE)
    return new SaveMark(path, sequenceIn(await readFile(path, { encoding: 'latin1', flag: 'a+' })))
  }

  /** In place: the file is never empty for a moment. */
  async write(sequence: number): Promise<void> {
    const digits = String(sequence).padStart(16, '0')
    await writeFile(this.#path, `${digits} ${checksum(digits)}\n`, { flag: 'r+' })
  }
}

function sequenceIn(text: string): number {
  const [, digits = '', sum] = PATTERN.exec(text) ?? []
  return sum === checksum(digits) ? Number(digits) : 0
}

function checksum(digits: string): string {
  return crc32(digits).toString(16).padStart(8, '0')
}
