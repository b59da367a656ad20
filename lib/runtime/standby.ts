import type { FetchedBatch, OffsetRange, Range } from '../broker/broker.ts'
import type { StateBackend } from '../state/ordered-bytes.ts'
import { TaskState } from '../state/task-state.ts'
import { changelogTopic, readKey } from './changelog.ts'
import { ChangelogReader, SAVE_BYTES, SAVE_MS } from './changelog-reader.ts'
import type { TaskPlan } from './task-plan.ts'
import type { Looked } from './view/committed-reads.ts'
import type { ReadableTask, ReadTo } from './view/readable-task.ts'

export interface StandbyOptions {
  readonly application: string
  readonly plan: Pick<TaskPlan, 'name' | 'partition' | 'stores' | 'upstreams'>
  readonly backend: StateBackend
}

interface Tail {
  readonly store: string
  /** Where it reads next, and where the changelog ended when it was asked for last. */
  next: number | undefined
  end: number
  /** When the newest entry that it has read was written. */
  timestamp: number | undefined
}

/**
 * A task that runs elsewhere, and whose changelogs are followed here: its state is at hand, and nearly current, when the
 * other one is gone. Entries count once their checkpoint is whole, as in a restore. (StandbyTask)
 */
export class Standby implements ReadableTask {
  readonly name: string
  readonly role = 'standby'
  readonly topics: readonly string[]
  readonly stores: readonly string[]
  readonly partition: number
  readonly #upstreams: readonly string[]
  readonly #backend: StateBackend
  readonly #reader: ChangelogReader
  readonly #tails: ReadonlyMap<string, Tail>
  /** How many records it has read. */
  #records = 0
  #unsaved = 0
  #savedAt = performance.now()
  #saving: Promise<void> = Promise.resolve()
  /** Entries are there to be looked at when they are saved: meanwhile nothing may be added. */
  #looking: Promise<unknown> = Promise.resolve()
  #ended = false

  constructor({ application, plan, backend }: StandbyOptions) {
    const { name, partition, stores, upstreams } = plan
    this.name = name
    this.partition = partition
    this.stores = stores
    this.#upstreams = upstreams
    this.#backend = backend
    this.topics = stores.map((store) => changelogTopic(application, store))
    this.#tails = new Map(
      stores.map((store, at) => [this.topics[at]!, { store, next: undefined, end: 0, timestamp: undefined }]),
    )
    this.#reader = new ChangelogReader({
      place: { application, partition, stores },
      meta: backend.meta,
      loader: (store) => backend.loader(store),
    })
  }

  get records(): number {
    return this.#records
  }

  /** Records that it has not read. Undefined before the ends are known. */
  get lag(): number | undefined {
    const tails = [...this.#tails.values()]
    if (tails.some(({ next }) => next === undefined)) return undefined
    return tails.reduce((sum, { next, end }) => sum + Math.max(0, end - next!), 0)
  }

  /** What is new in one of its changelogs; undefined where it has read all. */
  unread(topic: string, { partition, earliest, end }: OffsetRange): Range | undefined {
    const tail = this.#tails.get(topic)!
    const known = tail.next ?? Number(this.#backend.meta[readKey(tail.store)] ?? 0)
    const from = Math.max(earliest, Math.min(end, known))
    if (tail.next === undefined) this.#reader.at(tail.store, from)
    tail.next = from
    tail.end = end
    return from < end ? { topic, partition, from, to: end } : undefined
  }

  async apply(batch: FetchedBatch): Promise<void> {
    await this.#looking
    if (this.#ended) return
    this.#reader.read(batch)
    const tail = this.#tails.get(batch.topic)!
    tail.next = batch.next
    tail.timestamp = batch.records.at(-1)?.timestamp ?? tail.timestamp
    this.#records += batch.records.length
    this.#unsaved += batch.bytes + 1
    await this.saveNowAndThen()
  }

  async saveNowAndThen(): Promise<void> {
    const late = performance.now() - this.#savedAt > SAVE_MS
    if (this.#unsaved > SAVE_BYTES || (this.#unsaved > 0 && late)) await this.#save()
  }

  /** Lets go of the state: all that was read is saved in it. */
  async end(): Promise<StateBackend> {
    this.#ended = true
    await this.#looking
    await this.#save()
    return this.#backend
  }

  /** Its state is of no use. */
  close(): Promise<void> {
    this.#ended = true
    return this.#backend.close()
  }

  async read<T>(look: (state: TaskState) => T): Promise<Looked<T> | undefined> {
    const looking = this.#looking.then(async () => {
      if (this.#ended) return undefined
      await this.#save()
      const state = new TaskState(this.#backend, this.name, this.#upstreams)
      return { value: look(state), committed: true }
    })
    this.#looking = looking.catch(() => {})
    return looking
  }

  readTo(): readonly ReadTo[] {
    const { partition } = this
    return [...this.#tails].map(([topic, { next = 0, timestamp }]) => {
      return { topic, partition, offset: next, timestamp }
    })
  }

  #save(): Promise<void> {
    this.#savedAt = performance.now()
    if (this.#unsaved > 0) {
      this.#unsaved = 0
      this.#saving = this.#saving.then(() => this.#backend.save(this.#reader.meta))
      this.#saving.catch(() => {})
    }
    return this.#saving
  }
}
