import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isLocked } from '../level-error.ts'
import { FOLDER, openExisting } from './disk-level.ts'

/** A folder that is on its way out. It is no task's. */
const REMOVED = /^removed-/

/** Whether a name in the folder of an application is that of state which a kill has kept from being removed. */
export function isLeftOver(name: string): boolean {
  return REMOVED.test(name)
}

/** Whether somebody has the state in `dir` open. */
export async function isOpen(dir: string): Promise<boolean> {
  return !(await underLock(dir, async () => {}))
}

/**
 * Removes the state in `dir`, damaged or not; resolves with false, and nothing done, if somebody has it open. Renamed
 * while it is locked, so that nobody opens what is being removed.
 */
export async function removeState(dir: string): Promise<boolean> {
  const gone = join(dirname(dir), `removed-${basename(dir)}-${process.pid}-${Date.now()}`)
  if (!(await underLock(dir, () => rename(dir, gone)))) return false
  await rm(gone, { recursive: true, force: true })
  return true
}

/** False if another has the lock. What can't be opened for another reason is nobody's. */
async function underLock(dir: string, work: () => Promise<void>): Promise<boolean> {
  const level = existsSync(join(dir, FOLDER))
    ? await openExisting(dir).catch((error: unknown) => {
        if (isLocked(error)) return 'locked'
        return undefined
      })
    : undefined
  if (level === 'locked') return false
  try {
    await work()
  } finally {
    await level?.close()
  }
  return true
}
