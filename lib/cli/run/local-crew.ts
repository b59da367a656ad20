import { DeployedWorker } from '../../deployed/deployed-worker.ts'
import type { Logger } from '../../log.ts'
import type { CountsByStep } from '../../runtime/counters.ts'
import type { WorkerView } from '../../runtime/view/worker-view.ts'
import type { Topology } from '../../topology/nodes.ts'
import { type Connected, connect } from '../servers/connect.ts'
import { loadTopology, variablesOf } from '../topology-file.ts'
import type { Crew, CrewEvents, RunSettings } from './crew.ts'

/** Works in this thread: one worker a topology, each with offsets, budgets and errors of its own. */
export class LocalCrew implements Crew {
  readonly done: Promise<void>
  readonly #settings: RunSettings
  readonly #log: Logger
  readonly #events: CrewEvents
  readonly #done = Promise.withResolvers<void>()
  readonly #workers: DeployedWorker[] = []
  /** Of those that wait for an order to be lifted. */
  readonly #waiting = new AbortController()
  #environment: Connected | undefined
  /** Which topologies are asked to stop, begun or not. */
  readonly #stopping = new Set<number>()

  constructor(settings: RunSettings, log: Logger, events: CrewEvents) {
    this.#settings = settings
    this.#log = log
    this.#events = events
    this.done = this.#done.promise
  }

  async start(): Promise<void> {
    try {
      const topologies = await Promise.all(this.#settings.files.map(loadTopology))
      const { embedded } = this.#settings
      const flags = embedded === undefined ? {} : { embedded: [...embedded] }
      this.#environment = await connect(variablesOf(topologies), 'run', flags, this.#log)
      for (const [index, topology] of topologies.entries()) {
        if (this.#stopping.size === topologies.length) break
        const worker = await this.#begin(topology, index)
        if (worker === undefined) break
        this.#workers.push(worker)
        // Asked for while it began.
        if (this.#stopping.has(index)) void worker.stop()
        this.#log.info({ topology: topology.name }, 'running')
      }
    } catch (error) {
      await this.#end()
      throw error
    }
    const ended = this.#workers.map(({ done }, index) =>
      done.catch((error: unknown) => this.#events.failed(index, error)),
    )
    void Promise.all(ended).then(() => this.#end())
  }

  stop(topology?: number): void {
    const asked = topology === undefined ? [...this.#settings.files.keys()] : [topology]
    for (const index of asked) {
      this.#stopping.add(index)
      if (this.#stopping.size === this.#settings.files.length) this.#waiting.abort()
      void this.#workers[index]?.stop()
    }
  }

  counts(): readonly CountsByStep[] {
    return this.#workers.map((worker) => worker.counts())
  }

  views(): readonly WorkerView[] {
    return this.#workers.map(({ worker }) => worker.view)
  }

  #begin(topology: Topology, index: number): Promise<DeployedWorker | undefined> {
    const { files, applicationId, guarantee, batch, untilCaughtUp, drain, stateDir, standbys, endpoint } =
      this.#settings
    const options = {
      topology,
      environment: this.#environment!,
      cure: `millrace apply ${files[index]}${guarantee === undefined ? '' : ` --guarantee ${guarantee}`}`,
      ...(applicationId === undefined ? {} : { application: applicationId }),
      ...(guarantee === undefined ? {} : { guarantee }),
      batch,
      untilCaughtUp,
      drain,
      stateDir,
      standbys,
      endpoint,
    }
    return DeployedWorker.start(options, this.#waiting.signal)
  }

  async #end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()))
    await this.#environment?.close()
    this.#done.resolve()
  }
}
