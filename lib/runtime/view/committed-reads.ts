import { setTimeout as delay } from 'node:timers/promises'

export interface Looked<T> {
  readonly value: T
  /** False where a micro-batch was in hand all the time: what it has changed is seen, and may be taken back. */
  readonly committed: boolean
}

/** How long a reader waits for the micro-batch in hand. Milliseconds. */
const PATIENCE = 1000

/**
 * Lets readers look at the state of a task between its micro-batches, where it holds what has been committed. The task
 * never waits for them. (Kafka Streams shows what is not committed yet.)
 */
export class CommittedReads {
  readonly #patience: number
  #busy: PromiseWithResolvers<void> | undefined
  #closed = false

  constructor(patience = PATIENCE) {
    this.#patience = patience
  }

  /** A micro-batch begins to change the state. */
  begin(): void {
    this.#busy ??= Promise.withResolvers()
  }

  /** It has been committed. */
  end(): void {
    this.#busy?.resolve()
    this.#busy = undefined
  }

  /** The state is not to be looked at any more: it is given up, or in other hands. */
  close(): void {
    this.#closed = true
    this.end()
  }

  /** `look` is synchronous, so that it sees one moment. Undefined when closed. */
  async read<T>(look: () => T): Promise<Looked<T> | undefined> {
    const patience = new AbortController()
    const end = delay(this.#patience, undefined, { signal: patience.signal }).catch(() => {})
    let waiting = true
    void end.then(() => {
      waiting = false
    })
    while (this.#busy !== undefined && waiting) await Promise.race([this.#busy.promise, end])
    patience.abort()
    if (this.#closed) return undefined
    return { value: look(), committed: this.#busy === undefined }
  }
}
