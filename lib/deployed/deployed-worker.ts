import { messageOf } from '../errors.ts'
import { type CountsByStep, sumOfCounts } from '../runtime/counters.ts'
import { startWorker } from '../runtime/worker.ts'
import type { Worker, WorkerOptions } from '../runtime/worker-options.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import { type Deployed, deployedAs } from './application.ts'
import { nextOrder, noOrder } from './orders.ts'
import { publish } from './published.ts'

type Options = Omit<WorkerOptions, 'application' | 'clockOf' | 'generation'> & {
  /** As people name it, whatever it runs as. Default: the topology's name. */
  readonly application?: string
}

/**
 * A worker of a deployed application: runs as what the ledger says that it runs as, notes what it runs for `plan`, and
 * obeys orders. Ordered to drain, it finishes what is in topics of its own, and ends.
 */
export class DeployedWorker {
  /** Resolves when stopped, drained or caught up; rejects with what made it stop. */
  readonly done: Promise<void>
  /** Consumer group, state, internal topics. */
  readonly runsAs: string
  readonly #options: WorkerOptions & { readonly application: string }
  readonly #asked = new AbortController()
  #worker: Worker
  /** Of the one before. */
  #counted: CountsByStep = {}

  private constructor(options: Options & { readonly application: string }, as: Deployed, worker: Worker) {
    this.#options = workerOptions(options, as)
    this.#worker = worker
    this.runsAs = as.runsAs
    this.done = this.#life(options.application).finally(() => this.#asked.abort())
    this.done.catch(() => {})
  }

  /** Waits as long as an order stands. Undefined where `signal` has aborted meanwhile. */
  static async start(options: Options, signal: AbortSignal): Promise<DeployedWorker | undefined> {
    const { topology, environment, application = topology.name } = options
    const { broker, log } = environment
    const said = { ...options, application }
    const waiting = (by: string) => log.warn({ application }, `waits until \`${by}\` has ended`)
    if (!options.drain) await noOrder(broker, application, signal, (order) => waiting(order.by))
    if (signal.aborted) return undefined
    const as = await deployedAs(broker, application)
    const worker = await startWorker(workerOptions(said, as))
    const meant = withGuarantee(topology, options.guarantee ?? topology.guarantee)
    await publish(broker, meant, application, as.runsAs).catch((error: unknown) =>
      log.warn({ application }, `what runs could not be noted: ${messageOf(error)}`),
    )
    return new DeployedWorker(said, as, worker)
  }

  /** The one that runs. */
  get worker(): Worker {
    return this.#worker
  }

  /** Since it was started, drained or not. */
  counts(): CountsByStep {
    return sumOfCounts([this.#counted, this.#worker.counters.snapshot()])
  }

  stop(): Promise<void> {
    this.#asked.abort()
    return this.#worker.stop()
  }

  async #life(application: string): Promise<void> {
    const { environment, drain } = this.#options
    if (drain) return this.#worker.done
    const { signal } = this.#asked
    const ordered = nextOrder(environment.broker, application, signal).catch((error: unknown) => {
      environment.log.error({ application }, `orders can't be read, and are not obeyed: ${messageOf(error)}`)
      return undefined
    })
    const first = await Promise.race([this.#worker.done, ordered])
    if (first === undefined) return this.#worker.done
    environment.log.info({ application }, `\`${first.by}\` asks to drain: finishing what is in hand`)
    await this.#worker.stop()
    if (signal.aborted) return
    const counted = this.#worker.counters.snapshot()
    this.#worker = await startWorker({ ...this.#options, drain: true, untilCaughtUp: false })
    this.#counted = counted
    if (signal.aborted) void this.#worker.stop()
    await this.#worker.done
    environment.log.info({ application }, 'drained')
  }
}

function workerOptions(
  options: Options & { readonly application: string },
  { runsAs, generation }: Deployed,
): WorkerOptions & { readonly application: string } {
  return { ...options, application: runsAs, clockOf: options.application, generation }
}
