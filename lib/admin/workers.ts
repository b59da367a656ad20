import type { TaskOwner } from '../ports.ts'
import type { WorkerStatus, WorkerView } from '../runtime/view/worker-view.ts'

/** A worker of this process, in this thread or in another. */
export interface LocalWorker {
  readonly topology: string
  readonly application: string
  readonly view: WorkerView
}

/** How long a worker may take to say how it is. Milliseconds. */
const PATIENCE = 5000

/** The workers of this process. */
export class Workers {
  /** Of the topologies that it was started with. */
  readonly topologies: readonly string[]
  readonly #all: LocalWorker[] = []

  constructor(topologies: readonly string[]) {
    this.topologies = topologies
  }

  add(worker: LocalWorker): void {
    this.#all.push(worker)
  }

  get all(): readonly LocalWorker[] {
    return this.#all
  }

  /** Those of one application: several where it has several threads. */
  of(application: string): WorkerView[] {
    return this.#all.filter((one) => one.application === application).map(({ view }) => view)
  }

  /** Of those that answer. */
  async statuses(): Promise<WorkerStatus[]> {
    const statuses = await Promise.all(this.#all.map(({ view }) => inTime(view.status())))
    return statuses.filter((status) => status !== undefined)
  }

  /** Where the tasks of an application are, as its newest assignment says. */
  async owners(application: string): Promise<readonly TaskOwner[]> {
    const known = (await this.statuses()).filter((one) => one.application === application)
    const newest = known
      .toSorted((a, b) => b.generation - a.generation)
      .find(({ owners }) => owners.length > 0)
    return newest?.owners ?? []
  }
}

/** Undefined for a worker that does not answer: it is stuck, or gone. */
export async function inTime<T>(asked: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), PATIENCE)
  try {
    return await Promise.race([asked.catch(() => undefined), late.promise])
  } finally {
    clearTimeout(timer)
  }
}
