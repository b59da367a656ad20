import { pause } from '../backoff.ts'
import type { Broker, Range } from '../broker/broker.ts'
import { isRetriable, messageOf } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import { Standby } from './standby.ts'
import type { TaskFolders } from './task-folders.ts'
import type { TaskPlan } from './task-plan.ts'

export interface StandbysOptions {
  readonly application: string
  readonly broker: Broker
  readonly folders: TaskFolders
  readonly log: Logger
  readonly signal: AbortSignal
}

type StandbyPlan = Pick<TaskPlan, 'name' | 'partition' | 'stores' | 'upstreams'>

/** How long what is written to a changelog may take to be seen. Milliseconds. */
const POLL = 500

/** The tasks of other members that this one follows, all in one reading. */
export class Standbys {
  readonly #options: StandbysOptions
  readonly #standbys = new Map<string, Standby>()
  readonly #rarely = atMostEvery(5000)
  /** Changes of what is followed, one after another. */
  #turn: Promise<void> = Promise.resolve()
  /** The ranges that are being read are not those that are wanted. */
  #changed = false
  #reading: Promise<void> | undefined

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  get all(): readonly Standby[] {
    return [...this.#standbys.values()]
  }

  /** Of all together. Undefined before it is known of each. */
  get lag(): number | undefined {
    const lags = this.all.map(({ lag }) => lag)
    return lags.includes(undefined) ? undefined : lags.reduce((sum: number, lag) => sum + lag!, 0)
  }

  /** Lets go of all but these: their state is given back to its folder, open and with all that was read. */
  onlyThese(tasks: ReadonlySet<string>): Promise<void> {
    return this.#inTurn(async () => {
      for (const [task, standby] of this.#standbys) {
        if (tasks.has(task)) continue
        this.#standbys.delete(task)
        this.#changed = true
        await this.#letGo(standby)
      }
    })
  }

  /** Follows these too. One whose state can't be opened is left, and said: its task goes on without. */
  follow(plans: readonly StandbyPlan[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const plan of plans) {
        if (!this.#options.signal.aborted && !this.#standbys.has(plan.name)) await this.#begin(plan)
      }
      if (this.#standbys.size > 0) this.#reading ??= this.#read()
    })
  }

  /** The signal has been aborted. */
  async stopped(): Promise<void> {
    await this.onlyThese(new Set())
    await this.#reading
  }

  async #begin(plan: StandbyPlan): Promise<void> {
    const { application, folders, log } = this.#options
    try {
      const backend = await folders.take(plan.name)
      this.#standbys.set(plan.name, new Standby({ application, plan, backend }))
      this.#changed = true
    } catch (error) {
      log.warn({ task: plan.name }, `a standby can't be kept: ${messageOf(error)}`)
    }
  }

  async #letGo(standby: Standby): Promise<void> {
    const { folders, log } = this.#options
    const { name: task, records, lag } = standby
    try {
      folders.keep(task, await standby.end())
      log.info({ task, records, lag }, 'no standby any more')
    } catch (error) {
      log.warn({ task }, `the state of a standby could not be saved: ${messageOf(error)}`)
      await standby.close()
    }
  }

  async #read(): Promise<void> {
    const { signal, log } = this.#options
    while (!signal.aborted) {
      try {
        await this.#readOn()
      } catch (error) {
        if (signal.aborted) return
        this.#rarely(() => log.warn({ retriable: isRetriable(error) }, `standbys wait: ${messageOf(error)}`))
      }
      if (!this.#changed) await pause(POLL, signal).catch(() => {})
    }
  }

  async #readOn(): Promise<void> {
    this.#changed = false
    const ranges = await this.#unread()
    for await (const batch of this.#options.broker.read(ranges)) {
      if (this.#changed || this.#options.signal.aborted) return
      const standby = this.#at(batch.topic, batch.partition)
      if (standby !== undefined) await this.#unlessBroken(standby, () => standby.apply(batch))
    }
    for (const standby of this.all) await this.#unlessBroken(standby, () => standby.saveNowAndThen())
  }

  /** A disk that is full, or a state that is damaged, ends this one alone. */
  async #unlessBroken(standby: Standby, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { name: task } = standby
      this.#options.log.warn({ task }, `a standby can't be kept: ${messageOf(error)}`)
      this.#standbys.delete(task)
      await standby.close()
    }
  }

  async #unread(): Promise<Range[]> {
    const { admin } = this.#options.broker
    const ranges: Range[] = []
    for (const topic of new Set(this.all.flatMap(({ topics }) => topics))) {
      for (const offsets of await admin.offsets(topic)) {
        const range = this.#at(topic, offsets.partition)?.unread(topic, offsets)
        if (range !== undefined) ranges.push(range)
      }
    }
    return ranges
  }

  #at(topic: string, partition: number): Standby | undefined {
    return this.all.find((one) => one.partition === partition && one.topics.includes(topic))
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(change)
    this.#turn = turn.catch(() => {})
    return turn
  }
}
