import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Names of new folders, one a call; all are removed after the specs that surround this call. */
export function stateFolders(): () => string {
  const root = mkdtempSync(join(tmpdir(), 'millrace-spec-state-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  let count = 0
  return () => join(root, String(++count))
}

/**
 * Copies a folder in use as a crash would leave it. LevelDB removes files in the background: while it has done so
 * during the copy, that is of no single moment, and is made again.
 */
export function copyAtOnce(dir: string, copy: string): void {
  for (;;) {
    const before = namesIn(dir)
    try {
      cpSync(dir, copy, { recursive: true })
      if (namesIn(dir) === before) return
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
    rmSync(copy, { recursive: true, force: true })
  }
}

function namesIn(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort().join(' ')
}
