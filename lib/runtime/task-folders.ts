import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { retrying } from '../backoff.ts'
import { MillraceError } from '../errors.ts'
import { isOpenElsewhere } from '../state/disk-error.ts'
import { openDiskState } from '../state/disk-state.ts'
import type { StateBackend } from '../state/ordered-bytes.ts'
import { removeState } from '../state/remove-folder.ts'
import { MARK_FILE } from '../state/save-mark.ts'
import { savedMeta } from '../state/saved-meta.ts'
import { checkpointOf, type Meta } from './changelog.ts'

/** Says whose folder it is: the same for all who share it. (Kafka Streams' kafka-streams-process-metadata) */
const OWNER_FILE = 'process'
/** What a task's folder is called, and nothing else beside it. */
export const TASK = /^\d+_\d+$/

/** How many are looked into at once. */
const AT_ONCE = 8

/** Another worker of this process may just be letting go of it. About fifteen seconds in all. */
const ELSEWHERE = { when: isOpenElsewhere, base: 100, cap: 1000, attempts: 34 }

/** The state folders of an application's tasks, `<stateDir>/<application>/<task>`: each open once, and kept open between uses. */
export class TaskFolders {
  /** The same for all workers that share the folders. */
  readonly process: string
  readonly #application: string
  readonly #dir: string | undefined
  /** Open, and in nobody's hands. */
  readonly #kept = new Map<string, StateBackend>()
  /** What was saved last in each of them. */
  readonly #saved: Map<string, { readonly meta: Meta }>

  private constructor(
    application: string,
    dir: string | undefined,
    process: string,
    saved: Map<string, { readonly meta: Meta }>,
  ) {
    this.#application = application
    this.#dir = dir
    this.process = process
    this.#saved = saved
  }

  /** Looks at what is there. Without a folder there can be no state. */
  static async at(application: string, stateDir: string | undefined): Promise<TaskFolders> {
    if (stateDir === undefined) return new TaskFolders(application, undefined, randomUUID(), new Map())
    const dir = join(stateDir, application)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const saved = new Map<string, { readonly meta: Meta }>()
    const tasks = (await readdir(dir)).filter((name) => TASK.test(name))
    const look = async () => {
      for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
        const meta = await savedMeta(join(dir, task))
        if (meta !== undefined) saved.set(task, { meta })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, look))
    return new TaskFolders(application, dir, await processOf(dir), saved)
  }

  /** The state of a task, open, for this one alone until it is given back or closed. */
  async take(task: string): Promise<StateBackend> {
    const kept = this.#kept.get(task)
    this.#kept.delete(task)
    const backend =
      kept ??
      (await retrying(
        () => openDiskState(this.#folder(task), { owner: `${this.#application}/${task}` }),
        ELSEWHERE,
      ))
    this.#saved.set(task, backend)
    return backend
  }

  /** Gives a state back that holds what was saved, and nothing else. It stays open. */
  keep(task: string, backend: StateBackend): void {
    this.#kept.set(task, backend)
  }

  /** Lets go of what nobody needs. */
  async closeAllBut(tasks: ReadonlySet<string>): Promise<void> {
    const closing = [...this.#kept].filter(([task]) => !tasks.has(task))
    for (const [task] of closing) this.#kept.delete(task)
    await Promise.all(closing.map(([, backend]) => backend.close()))
  }

  /**
   * Removes the state of tasks that are not these, and in which nothing has been saved since; none that anybody has
   * open. Returns the tasks. (StateDirectory#cleanRemovedTasks)
   *
   * @param since milliseconds since 1970.
   */
  async removeAllBut(tasks: ReadonlySet<string>, since: number): Promise<readonly string[]> {
    const dir = this.#dir
    const removed: string[] = []
    if (dir === undefined) return removed
    for (const task of await readdir(dir)) {
      if (!TASK.test(task) || tasks.has(task) || this.#kept.has(task)) continue
      const saved = await stat(join(dir, task, MARK_FILE)).catch(() => undefined)
      if (saved === undefined || saved.mtimeMs > since || !(await removeState(join(dir, task)))) continue
      this.#saved.delete(task)
      removed.push(task)
    }
    return removed
  }

  /** How far the state of each task is that is here, open or not: the number of its checkpoint. */
  upTo(): ReadonlyMap<string, number> {
    return new Map([...this.#saved].map(([task, { meta }]) => [task, checkpointOf(meta)]))
  }

  #folder(task: string): string {
    if (this.#dir !== undefined) return join(this.#dir, task)
    throw new MillraceError('INTERNAL', 'a task with stores needs a state directory')
  }
}

async function processOf(dir: string): Promise<string> {
  const path = join(dir, OWNER_FILE)
  // Two that begin at once: the first one's holds.
  await writeFile(path, randomUUID(), { flag: 'wx', mode: 0o600 }).catch(() => {})
  // A folder that was copied to another machine is another one.
  return `${(await readFile(path, 'utf8')) || randomUUID()}@${hostname()}`
}
