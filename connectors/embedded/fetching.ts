import type { Position, TopicPartition } from '../../lib/record.ts'
import type { Connection, FetchAnswer } from './connection.ts'

export interface FetchingOptions {
  readonly connection: Connection
  readonly positions: readonly Position[]
  /** Most bytes of one partition in one fetch. */
  readonly fetchBytes: number
  readonly deliver: (answer: FetchAnswer) => void
  /** Ends the fetching. */
  readonly signal: AbortSignal
}

interface Cursor extends TopicPartition {
  offset: number
  paused: boolean
}

/** Fetches the flowing partitions of one assignment, one fetch at a time: what is not asked for is not held. */
export class Fetching {
  readonly #options: FetchingOptions
  readonly #cursors: Map<string, Cursor>
  /** Aborted when the set of flowing partitions changes: the fetch that waits is about the old one. */
  #flow = new AbortController()

  constructor(options: FetchingOptions, paused: ReadonlySet<string>) {
    this.#options = options
    this.#cursors = new Map(
      options.positions.map((position) => {
        const name = nameOf(position)
        return [name, { ...position, paused: paused.has(name) }]
      }),
    )
    options.signal.addEventListener('abort', () => this.#flow.abort())
  }

  flow(partitions: readonly TopicPartition[], state: 'paused' | 'flowing'): void {
    const paused = state === 'paused'
    let changed = false
    for (const partition of partitions) {
      const cursor = this.#cursors.get(nameOf(partition))
      if (cursor === undefined || cursor.paused === paused) continue
      cursor.paused = paused
      changed = true
    }
    if (changed) this.#flow.abort()
  }

  /** Resolves when the signal aborts or the connection is lost; rejects with `DATA_LOSS` and other refusals. */
  async run(): Promise<void> {
    const { connection, signal, deliver } = this.#options
    while (!signal.aborted && !connection.lost.aborted) {
      this.#flow = new AbortController()
      const flow = this.#flow.signal
      const asks = this.#asks()
      if (asks.length === 0) {
        await aborted(flow)
        continue
      }
      for (const answer of await connection.fetch(asks, flow)) {
        if (signal.aborted) return
        this.#advance(answer)
        deliver(answer)
      }
    }
  }

  #asks(): (Position & { maxBytes: number })[] {
    return [...this.#cursors.values()]
      .filter(({ paused }) => !paused)
      .map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset,
        maxBytes: this.#options.fetchBytes,
      }))
  }

  /** To the end of the line, so that the limit of a fetch starves no partition. */
  #advance(answer: FetchAnswer): void {
    const name = nameOf(answer)
    const cursor = this.#cursors.get(name)!
    cursor.offset = answer.next
    this.#cursors.delete(name)
    this.#cursors.set(name, cursor)
  }
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
