import type { BrokerAdmin } from '../broker/broker.ts'
import { isRetriable } from '../errors.ts'
import { type ChangelogPlace, changelogTopic, type Meta, readKey } from './changelog.ts'

/** How often the ends are asked for. Milliseconds. */
const INTERVAL = 30_000

/**
 * Up to where the changelogs are known to be in the local state, so that after a crash only what follows is read. An end
 * counts once the group has taken a commit after it was asked for: until then nobody else can have written before it.
 */
export class ChangelogEnds {
  readonly #admin: BrokerAdmin
  readonly #place: ChangelogPlace
  readonly #interval: number
  #asked = performance.now()
  #candidate: Meta | undefined
  #known: Meta = {}

  constructor(admin: BrokerAdmin, place: ChangelogPlace, interval = INTERVAL) {
    this.#admin = admin
    this.#place = place
    this.#interval = interval
  }

  /** What the next checkpoint may say. */
  get known(): Meta {
    return this.#known
  }

  /** All that the task has written is in its state. A broker that is away is asked another time. */
  async ask(): Promise<void> {
    if (performance.now() - this.#asked < this.#interval) return
    try {
      await this.askNow()
    } catch (error) {
      if (!isRetriable(error)) throw error
    }
  }

  async askNow(offsets: BrokerAdmin['offsets'] = (topic) => this.#admin.offsets(topic)): Promise<void> {
    this.#asked = performance.now()
    this.#candidate = await this.#ends(offsets)
  }

  /** The group has taken a commit: the partition was still ours. */
  committed(): void {
    this.#known = this.#candidate ?? this.#known
    this.#candidate = undefined
  }

  async #ends(offsets: BrokerAdmin['offsets']): Promise<Meta> {
    const { application, partition, stores } = this.#place
    const ends: Record<string, string> = {}
    for (const store of stores) {
      const ranges = await offsets(changelogTopic(application, store))
      const range = ranges.find((one) => one.partition === partition)
      if (range !== undefined) ends[readKey(store)] = String(range.end)
    }
    return ends
  }
}
