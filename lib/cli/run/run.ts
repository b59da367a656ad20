import { MillraceError, messageOf } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import { type CountsByStep, sumOfCounts } from '../../runtime/counters.ts'
import type { WorkerView } from '../../runtime/view/worker-view.ts'
import type { Crew, CrewEvents } from './crew.ts'

export interface Together {
  /** In the order of the files. */
  readonly topologies: readonly string[]
  readonly log: Logger
  /** Whether the failure of one topology ends the others too. */
  readonly failFast: boolean
}

/**
 * The crews of a run as one. What fails in one thread fails in all: the topology's workers in the others finish what
 * they have in hand and leave (Kafka Streams' SHUTDOWN_CLIENT). The other topologies go on, unless told otherwise.
 */
export class Run {
  readonly #together: Together
  readonly #crews: readonly Crew[]
  readonly #failures = new Map<number, unknown>()
  #stopping = false

  constructor(together: Together, crewsOf: (events: CrewEvents) => readonly Crew[]) {
    this.#together = together
    this.#crews = crewsOf({ failed: (topology, error) => this.#failed(topology, error) })
  }

  get stopping(): boolean {
    return this.#stopping
  }

  /** Rejects when one of them can't begin; the others have ended by then. */
  async start(): Promise<void> {
    const begun = await Promise.allSettled(this.#crews.map((crew) => crew.start()))
    const refused = begun.find((one) => one.status === 'rejected')
    if (refused === undefined || this.#stopping) return
    this.stop()
    await this.#ended()
    throw refused.reason
  }

  stop(): void {
    this.#stopping = true
    for (const crew of this.#crews) crew.stop()
  }

  /** Resolves when all have ended by themselves or were stopped; rejects if any topology has failed. */
  async done(): Promise<void> {
    await this.#ended()
    if (this.#failures.size > 0) throw this.#failure()
  }

  /** By topology: the sum over all threads. */
  counts(): readonly CountsByStep[] {
    return this.#together.topologies.map((_, index) =>
      sumOfCounts(this.#crews.map((crew) => crew.counts()[index])),
    )
  }

  /** By topology, one for each thread. */
  views(): readonly (readonly WorkerView[])[] {
    const all = this.#crews.map((crew) => crew.views())
    return this.#together.topologies.map((_, index) => all.flatMap((views) => views.slice(index, index + 1)))
  }

  async #ended(): Promise<void> {
    await Promise.all(this.#crews.map((crew) => crew.done))
  }

  #failed(index: number, error: unknown): void {
    if (this.#failures.has(index)) return
    this.#failures.set(index, error)
    const { topologies, log, failFast } = this.#together
    const others = topologies.length - this.#failures.size
    const then = others === 0 ? '' : failFast ? '; the others end too' : `; ${others} go on`
    log.error({ topology: topologies[index] }, `failed${then}: ${messageOf(error)}`)
    for (const crew of this.#crews) crew.stop(failFast ? undefined : index)
  }

  /** As it is, if there is nothing else that it could be of. */
  #failure(): unknown {
    const { topologies } = this.#together
    const [[, first]] = [...this.#failures] as [[number, unknown]]
    if (topologies.length === 1) return first
    const said = [...this.#failures].map(
      ([index, error]) => `topology "${topologies[index]}": ${messageOf(error)}`,
    )
    if (!(first instanceof MillraceError)) return new Error(said.join('; '), { cause: first })
    return new MillraceError(first.code, said.join('; '), { ...first.at, cause: first })
  }
}
