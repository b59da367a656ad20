import type { MemberShare } from '../../lib/broker/assign-tasks.ts'
import type { ConsumerListener } from '../../lib/broker/broker.ts'
import { unlessVoid } from '../../lib/broker/unless-void.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import { fetchedBatch } from './fetched.ts'
import type { Batch } from './repairs/batch.ts'
import { partitionKey } from './requests.ts'

/** What an assignment needs of the group member that holds it. */
export interface Member {
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  seek(position: Position): void
}

export interface AssignmentOptions {
  readonly listener: ConsumerListener
  /** Finds the positions to start from; tries again by itself while no broker answers. */
  readonly positions: (owned: readonly TopicPartition[], signal: AbortSignal) => Promise<readonly Position[]>
  readonly fail: (error: unknown) => void
}

interface Cursor {
  next: number
  misses: number
}

/** After so many fetches in a row from elsewhere than we asked, something is broken. */
const MAX_MISSES = 10

/**
 * The life of an assignment: everything is paused in the moment of joining, then the old one is revoked, positions
 * are read, the listener is told, and only then does fetching begin. A newer assignment voids what is under way.
 */
export class Assignments {
  readonly #options: AssignmentOptions
  #generation = 0
  #current = new AbortController()
  #member: Member | undefined
  #share: MemberShare | undefined
  #cursors = new Map<string, Cursor>()
  #held = new Set<string>()
  #handedOut = false
  #ended = false
  /** The listener is called one call at a time. */
  #calls: Promise<void> = Promise.resolve()

  constructor(options: AssignmentOptions) {
    this.#options = options
  }

  get generation(): number {
    return this.#generation
  }

  /** A rebalance has begun: no new work. Resolves when the listener has finished, and committed, what it has in hand. */
  async changing(): Promise<void> {
    this.#current.abort()
    this.#cursors = new Map()
    if (this.#handedOut) {
      this.#handedOut = false
      this.#tell(() => this.#options.listener.revoked())
    }
    await this.#calls
  }

  /** Membership is lost, or its partitions are about to be others': what was handed out is void. */
  lost(): void {
    this.#generation++
    this.#member = undefined
    void this.changing()
  }

  /** Must be called in the moment of joining: not one record may come before the position is set. */
  joined(member: Member, share: MemberShare): void {
    member.pause(share.partitions)
    this.lost()
    if (this.#ended) return
    this.#member = member
    this.#share = share
    this.#current = new AbortController()
    const { signal } = this.#current
    this.#open(member, share, signal).catch((error) => {
      if (!signal.aborted) this.#options.fail(error)
    })
  }

  /** The same partitions again, from what is committed now. */
  retake(generation: number): void {
    if (generation === this.#generation && this.#member !== undefined) this.joined(this.#member, this.#share!)
  }

  /** For good: the listener hears nothing any more. */
  end(): void {
    this.#ended = true
    this.lost()
  }

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    for (const partition of partitions) {
      if (state === 'paused') this.#held.add(partitionKey(partition))
      else this.#held.delete(partitionKey(partition))
    }
    const flowing = partitions.filter((partition) => this.#cursors.has(partitionKey(partition)))
    if (state === 'paused') this.#member?.pause(flowing)
    else this.#member?.resume(flowing)
  }

  /** Hands a batch on; returns how far it goes, or undefined if it is void. */
  batch(batch: Batch): number | undefined {
    const cursor = this.#cursors.get(partitionKey(batch))
    if (cursor === undefined || this.#ended) return undefined
    if (batch.fetchedOffset !== cursor.next) return this.#astray(batch, cursor)
    cursor.next = batch.next
    cursor.misses = 0
    this.#options.listener.batch(fetchedBatch(batch, this.#generation))
    return batch.next
  }

  /** Fetched before the last seek took effect, or the client has moved by itself: back to where we are. */
  #astray({ topic, partition, fetchedOffset }: Batch, cursor: Cursor): undefined {
    this.#member?.seek({ topic, partition, offset: cursor.next })
    if (++cursor.misses <= MAX_MISSES) return
    throw new MillraceError(
      'INTERNAL',
      `${topic}/${partition}: the Kafka client keeps fetching from ${fetchedOffset} instead of ${cursor.next}`,
      { topic, partition, offset: cursor.next },
    )
  }

  async #open(member: Member, share: MemberShare, signal: AbortSignal): Promise<void> {
    const { partitions: owned, standbys, owners } = share
    await this.#calls
    if (signal.aborted) return
    this.#handedOut = true
    const { listener } = this.#options
    await this.#tell(unlessVoid(signal, async () => listener.taking?.(owned, signal)))
    if (signal.aborted) return
    const positions = await this.#options.positions(owned, signal)
    if (signal.aborted) return
    for (const position of positions) member.seek(position)
    this.#held = new Set()
    const generation = this.#generation
    const assignment = { generation, positions, standbys, owners }
    await this.#tell(unlessVoid(signal, () => listener.assigned(assignment, signal)))
    if (signal.aborted) return
    this.#cursors = new Map(positions.map((position) => [partitionKey(position), cursorAt(position)]))
    member.resume(owned.filter((partition) => !this.#held.has(partitionKey(partition))))
  }

  #tell(call: () => Promise<void>): Promise<void> {
    const told = this.#calls.then(() => (this.#ended ? undefined : call()))
    this.#calls = told.catch((error) => {
      if (!this.#ended) this.#options.fail(error)
    })
    return this.#calls
  }
}

function cursorAt({ offset }: Position): Cursor {
  return { next: offset, misses: 0 }
}
