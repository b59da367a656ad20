import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../../errors.ts'
import { isLeftOver, isOpen, removeState } from '../../state/remove-folder.ts'
import { TASK } from '../task-folders.ts'

/** The folders of an application's tasks on this machine. */
export async function taskFolders(stateDir: string, application: string): Promise<readonly string[]> {
  return (await namesIn(stateDir, application)).filter((name) => TASK.test(name)).sort()
}

/** @throws MillraceError `DATA_LOSS` while a worker on this machine has one of them open. */
export async function requireClosed(stateDir: string, application: string): Promise<void> {
  for (const task of await taskFolders(stateDir, application)) {
    const dir = join(stateDir, application, task)
    if (await isOpen(dir)) throw inUse(application, dir)
  }
}

/** What is left of an earlier removal goes too. @throws as `requireClosed`. */
export async function removeAllState(stateDir: string, application: string): Promise<void> {
  for (const name of await namesIn(stateDir, application)) {
    const dir = join(stateDir, application, name)
    if (isLeftOver(name)) await rm(dir, { recursive: true, force: true })
    else if (TASK.test(name) && !(await removeState(dir))) throw inUse(application, dir)
  }
}

async function namesIn(stateDir: string, application: string): Promise<readonly string[]> {
  const dir = join(stateDir, application)
  return existsSync(dir) ? readdir(dir) : []
}

function inUse(application: string, dir: string): MillraceError {
  return new MillraceError(
    'DATA_LOSS',
    `application "${application}" is running: a worker on this machine has its state in ${dir} open. Stop it first`,
    { application },
  )
}
