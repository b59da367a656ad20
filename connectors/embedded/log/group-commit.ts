import type { Store, StoreOperation } from './store.ts'

/** One caller's part of a write. */
interface Job {
  readonly prepare: () => readonly StoreOperation[]
  readonly bytes: number
  readonly settle: PromiseWithResolvers<void>
}

/** One fsync for at most so much: beyond it LevelDB's write buffer is filled faster than it can be emptied. */
const BATCH_BYTES = 4 * 1024 * 1024

/**
 * All writing to the store: one synced, atomic batch at a time, and in the next one everything that has come
 * meanwhile. The order of calls is the order in the store.
 *
 * After the first failure nothing is written any more. LevelDB would go on after a half-written entry of its
 * write-ahead log, and lose what follows it at the next start; only opening it again makes it sound.
 */
export class GroupCommit {
  readonly #store: Store
  readonly #broken: (error: unknown) => Error
  readonly #waiting: Job[] = []
  #running: Promise<void> | undefined
  #failure: Error | undefined

  /** `broken` is told once what has failed, and says what callers are told. */
  constructor(store: Store, broken: (error: unknown) => Error) {
    this.#store = store
    this.#broken = broken
  }

  /**
   * Resolves when the operations are durable. `prepare` is called when their turn has come and must not wait: what
   * it throws rejects this call alone.
   */
  write(prepare: () => readonly StoreOperation[], bytes = 0): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const settle = Promise.withResolvers<void>()
    this.#waiting.push({ prepare, bytes, settle })
    this.#running ??= this.#run()
    return settle.promise
  }

  /** Resolves when all that was asked for before has settled. Never rejects. */
  async settled(): Promise<void> {
    await this.write(() => []).catch(() => {})
  }

  async #run(): Promise<void> {
    // Callers of the same moment go together.
    await undefined
    while (this.#waiting.length > 0) await this.#writeOnce()
    this.#running = undefined
  }

  async #writeOnce(): Promise<void> {
    const jobs = this.#take()
    const operations = jobs.flatMap(operationsOf)
    try {
      if (this.#failure !== undefined) throw this.#failure
      if (operations.length > 0) await this.#store.batch(operations, { sync: true })
      for (const { settle } of jobs) settle.resolve()
    } catch (error) {
      this.#failure ??= this.#broken(error)
      for (const { settle } of jobs) settle.reject(this.#failure)
    }
  }

  #take(): Job[] {
    let bytes = 0
    let count = 0
    for (const job of this.#waiting) {
      bytes += job.bytes
      if (count > 0 && bytes > BATCH_BYTES) break
      count++
    }
    return this.#waiting.splice(0, count)
  }
}

function operationsOf({ prepare, settle }: Job): readonly StoreOperation[] {
  try {
    return prepare()
  } catch (error) {
    settle.reject(error)
    return []
  }
}
