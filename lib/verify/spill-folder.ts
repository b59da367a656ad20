import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A folder for what does not fit into memory, made once something does not. */
export class SpillFolder {
  readonly #parent: string
  #path: string | undefined
  #files = 0

  /** @param parent made if need be; not the system's temporary folder, which may be kept in memory. */
  constructor(parent: string) {
    this.#parent = parent
  }

  /** A name that nobody else uses. */
  newFile(): string {
    if (this.#path === undefined) {
      mkdirSync(this.#parent, { recursive: true })
      this.#path = mkdtempSync(join(this.#parent, 'verify-'))
    }
    return join(this.#path, String(this.#files++))
  }

  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
    this.#path = undefined
  }
}
