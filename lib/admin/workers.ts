import type { TaskOwner } from '../broker/broker.ts'
import type { WorkerStatus, WorkerView } from '../runtime/view/worker-view.ts'

/** A worker of this process, in this thread or in another. */
export interface LocalWorker {
  readonly topology: string
  readonly application: string
  readonly view: WorkerView
}

/** The workers of this process. */
export class Workers {
  /** Of the topologies that it was started with. */
  readonly topologies: readonly string[]
  readonly #all: LocalWorker[] = []
  readonly #patience: number

  constructor(topologies: readonly string[], patience = 5000) {
    this.topologies = topologies
    this.#patience = patience
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
    const statuses = await Promise.all(this.#all.map(({ view }) => this.inTime(view.status())))
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

  /** Undefined for a worker that does not answer: it is stuck, or gone. */
  async inTime<T>(asked: Promise<T>): Promise<T | undefined> {
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), this.#patience)
    try {
      return await Promise.race([asked.catch(() => undefined), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
