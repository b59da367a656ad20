import { constants, type FileHandle, open } from 'node:fs/promises'
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
  /** As it was when opened; 0 if it was not there or can't be read. */
  readonly sequence: number
  readonly #file: FileHandle

  private constructor(file: FileHandle, sequence: number) {
    this.#file = file
    this.sequence = sequence
  }

  static async open(dir: string): Promise<SaveMark> {
    const file = await open(join(dir, MARK_FILE), constants.O_RDWR | constants.O_CREAT, 0o600)
    return new SaveMark(file, sequenceIn(await file.readFile('latin1')))
  }

  async write(sequence: number): Promise<void> {
    const digits = String(sequence).padStart(16, '0')
    await this.#file.write(`${digits} ${checksum(digits)}\n`, 0, 'latin1')
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function sequenceIn(text: string): number {
  const [, digits = '', sum] = PATTERN.exec(text) ?? []
  return sum === checksum(digits) ? Number(digits) : 0
}

function checksum(digits: string): string {
  return crc32(digits).toString(16).padStart(8, '0')
}
