import { closeSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Where a piece of it is. */
export interface Piece {
  readonly at: number
  readonly length: number
}

/**
 * A file for what does not fit into memory, made once something does not. It has no name from the moment it is open, so
 * that nothing of it is left behind, however the process ends.
 */
export class SpillFile {
  readonly #folder: string
  #descriptor: number | undefined
  #end = 0

  /** @param folder made if need be; not the system's temporary folder, which may be kept in memory. */
  constructor(folder: string) {
    this.#folder = folder
  }

  append(bytes: Buffer): Piece {
    this.#descriptor ??= openUnnamed(this.#folder)
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written, this.#end + written)
    }
    const piece = { at: this.#end, length: bytes.length }
    this.#end += bytes.length
    return piece
  }

  read({ at, length }: Piece): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let read = 0; read < length; ) {
      read += readSync(this.#descriptor!, bytes, read, length - read, at + read)
    }
    return bytes
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }
}

function openUnnamed(parent: string): number {
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'diff-'))
  try {
    return openSync(join(folder, 'rows'), 'wx+', 0o600)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
