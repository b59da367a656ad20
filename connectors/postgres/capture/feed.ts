import { type Lsn, laterOf } from './lsn.ts'
import { type LogicalMessage, PgOutputDecoder, type Relation, type Row } from './pgoutput.ts'
import type { ReplicationMessage } from './replication-message.ts'

/** A row of the captured table as a committed transaction left it. */
export interface Change {
  readonly row: Row
  /** Columns the server left out: large values that an update did not touch. */
  readonly unchanged: readonly string[]
  readonly key: readonly string[]
  /** Commit time, milliseconds since 1970. */
  readonly committedAt: number
  readonly bytes: number
}

export interface Batch {
  /** In commit order. */
  readonly changes: readonly Change[]
  /** Once these changes are delivered, so is all that was committed before this position. */
  readonly position: Lsn
}

/** Holds the server back, and lets it go on. */
export interface Flow {
  pause(): void
  resume(): void
}

export interface FeedOptions {
  readonly schema: string
  readonly table: string
  /** Transactions whose commit record lies before are known to be delivered. */
  readonly from: Lsn
  readonly flow: Flow
  /** What is seen of the captured table but has no row to send. */
  readonly unsent: (what: 'delete' | 'truncate') => void
}

/** Received but not yet taken: beyond HIGH the server has to wait, below LOW it goes on. */
const HIGH_BYTES = 4 * 1024 * 1024
const LOW_BYTES = 1024 * 1024
const HIGH_CHANGES = 5_000
const LOW_CHANGES = 1_000

/** Turns the messages of the stream into batches of changes, and holds the server back when they are not taken. */
export class Feed {
  readonly #options: FeedOptions
  readonly #decoder = new PgOutputDecoder()
  #changes: Change[] = []
  /** Positions reached once the first `after` changes of the queue are delivered. */
  #marks: { after: number; position: Lsn }[] = []
  #bytes = 0
  #paused = false
  #position: Lsn
  #transaction: { readonly skipped: boolean; readonly committedAt: number } | undefined
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => {}

  constructor(options: FeedOptions) {
    this.#options = options
    this.#position = options.from
  }

  /** Reads a message at once and keeps nothing of its memory. */
  message(message: ReplicationMessage): void {
    if (message.kind === 'data') {
      this.#logical(this.#decoder.decode(message.payload), message.payload.length)
    } else if (this.#transaction === undefined) {
      // Inside a transaction the server may already be further than what it has sent of it.
      this.#mark(message.walEnd)
    }
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake()
  }

  /** Resolves when there is a change, after `milliseconds`, or on abort. Rejects when the stream has failed. */
  async waiting(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#changes.length === 0 && this.#failure === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds)
        const done = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        signal.addEventListener('abort', done)
        this.#wake = done
      })
      this.#wake = () => {}
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** The next changes, and how far one is when they are delivered. Changes handed out are the caller's. */
  take(most: number): Batch {
    const changes = this.#changes.splice(0, most)
    for (const change of changes) this.#bytes -= change.bytes
    let passed = 0
    for (const mark of this.#marks) {
      if (mark.after > changes.length) mark.after -= changes.length
      else {
        this.#position = laterOf(this.#position, mark.position)
        passed++
      }
    }
    this.#marks.splice(0, passed)
    this.#resume()
    return { changes, position: this.#position }
  }

  #logical(message: LogicalMessage, bytes: number): void {
    switch (message.kind) {
      case 'begin':
        this.#transaction = {
          skipped: message.commitLsn < this.#options.from,
          committedAt: message.committedAt,
        }
        return
      case 'commit':
        this.#transaction = undefined
        this.#mark(message.endLsn)
        return
      case 'insert':
        this.#change(message.relation, message.row, [], bytes)
        return
      case 'update':
        this.#change(message.relation, message.row, message.unchanged, bytes)
        return
      case 'delete':
        if (this.#captured(message.relation)) this.#options.unsent('delete')
        return
      case 'truncate':
        if (message.relations.some((relation) => this.#captured(relation))) this.#options.unsent('truncate')
    }
  }

  #change(relation: Relation, row: Row, unchanged: readonly string[], bytes: number): void {
    if (!this.#captured(relation)) return
    const committedAt = this.#transaction?.committedAt ?? 0
    this.#changes.push({ row, unchanged, key: relation.key, committedAt, bytes })
    this.#bytes += bytes
    if (!this.#paused && (this.#bytes > HIGH_BYTES || this.#changes.length > HIGH_CHANGES)) {
      this.#paused = true
      this.#options.flow.pause()
    }
    this.#wake()
  }

  /** Neither another table of the publication (the heartbeat's) nor a transaction delivered before. */
  #captured({ schema, table }: Relation): boolean {
    const { skipped = true } = this.#transaction ?? {}
    return !skipped && schema === this.#options.schema && table === this.#options.table
  }

  #mark(position: Lsn): void {
    const after = this.#changes.length
    const last = this.#marks.at(-1)
    if (last?.after === after) last.position = laterOf(last.position, position)
    else this.#marks.push({ after, position })
  }

  #resume(): void {
    if (!this.#paused || this.#bytes > LOW_BYTES || this.#changes.length > LOW_CHANGES) return
    this.#paused = false
    this.#options.flow.resume()
  }
}
