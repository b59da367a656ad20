import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for one embedded log, removed after the specs that surround the call. */
export function logFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-spec-log-'))
  after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}
