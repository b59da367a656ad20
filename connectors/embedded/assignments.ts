import type { MemberShare } from '../../lib/broker/assign-tasks.ts'
import type { ConsumerListener } from '../../lib/broker/broker.ts'
import { unlessVoid } from '../../lib/broker/unless-void.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import type { Connection } from './connection.ts'
import { fetchedBatch } from './fetched.ts'
import { Fetching, nameOf } from './fetching.ts'

export interface AssignmentsOptions {
  readonly listener: ConsumerListener
  /** Finds the positions to start from; tries again by itself while the log can't be reached. */
  readonly positions: (owned: readonly TopicPartition[], signal: AbortSignal) => Promise<readonly Position[]>
  readonly fetchBytes: number
  readonly fail: (error: unknown) => void
}

/**
 * The life of an assignment: the old one is revoked, positions are read, the listener is told, and only then does
 * fetching begin. A newer assignment voids what is under way.
 */
export class Assignments {
  readonly #options: AssignmentsOptions
  #generation = 0
  #current = new AbortController()
  #fetching: Fetching | undefined
  #taken: { readonly connection: Connection; readonly share: MemberShare } | undefined
  #paused = new Set<string>()
  #handedOut = false
  #ended = false
  /** The listener is called one call at a time. */
  #calls: Promise<void> = Promise.resolve()

  constructor(options: AssignmentsOptions) {
    this.#options = options
  }

  get generation(): number {
    return this.#generation
  }

  /** Fetching ends now; resolves when the listener has finished. Until something follows, it may still commit. */
  async changing(): Promise<void> {
    this.#current.abort()
    this.#fetching = undefined
    if (this.#handedOut) {
      this.#handedOut = false
      this.#tell(() => this.#options.listener.revoked())
    }
    await this.#calls
  }

  /** Membership is lost, or its partitions are about to be others': what was handed out is void. */
  lost(): void {
    this.#generation++
    this.#taken = undefined
    void this.changing()
  }

  assigned(connection: Connection, share: MemberShare): void {
    this.lost()
    if (this.#ended) return
    this.#taken = { connection, share }
    this.#current = new AbortController()
    const { signal } = this.#current
    this.#open(connection, share, signal).catch((error) => {
      if (!signal.aborted && !connection.lost.aborted) this.#options.fail(error)
    })
  }

  /** The same partitions again, from what is committed now. */
  retake(generation: number): void {
    const taken = this.#taken
    if (generation === this.#generation && taken !== undefined) this.assigned(taken.connection, taken.share)
  }

  /** For good: the listener hears nothing any more. */
  end(): void {
    this.#ended = true
    this.lost()
  }

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    for (const partition of partitions) {
      if (state === 'paused') this.#paused.add(nameOf(partition))
      else this.#paused.delete(nameOf(partition))
    }
    this.#fetching?.flow(partitions, state)
  }

  async #open(connection: Connection, share: MemberShare, signal: AbortSignal): Promise<void> {
    const { partitions: owned, standbys, owners } = share
    await this.#calls
    if (signal.aborted) return
    this.#handedOut = true
    const { listener } = this.#options
    await this.#tell(unlessVoid(signal, async () => listener.taking?.(owned, signal)))
    if (signal.aborted) return
    const positions = await this.#options.positions(owned, signal)
    if (signal.aborted) return
    const generation = this.#generation
    this.#paused = new Set()
    const assignment = { generation, positions, standbys, owners }
    await this.#tell(unlessVoid(signal, () => listener.assigned(assignment, signal)))
    if (signal.aborted) return
    const { fetchBytes } = this.#options
    const deliver = (answer: Parameters<typeof fetchedBatch>[0]) =>
      listener.batch(fetchedBatch(answer, generation))
    this.#fetching = new Fetching({ connection, positions, fetchBytes, deliver, signal }, this.#paused)
    await this.#fetching.run()
  }

  #tell(call: () => Promise<void>): Promise<void> {
    const told = this.#calls.then(() => (this.#ended ? undefined : call()))
    this.#calls = told.catch((error) => {
      if (!this.#ended) this.#options.fail(error)
    })
    return this.#calls
  }
}
