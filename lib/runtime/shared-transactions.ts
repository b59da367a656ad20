import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CommittedPosition, TransactionalProducer } from '../broker/broker.ts'
import { MillraceError, messageOf } from '../errors.ts'
import type { OutRecord, Position } from '../record.ts'
import { isRefusal } from './deliver.ts'
import { type FencingOptions, openWriter, writerPrefix } from './former-writers.ts'
import type { Suspects } from './suspects.ts'

export interface SharedTransactionsOptions extends FencingOptions {
  readonly suspects: Suspects
  /** Told of each transaction that has been committed. */
  readonly committed: () => void
}

/** What a task wants committed: what has come of a micro-batch, and the positions behind it. */
export interface Part {
  readonly task: string
  readonly records: readonly OutRecord[]
  readonly positions: readonly Position[]
}

interface WaitingPart extends Part {
  readonly done: PromiseWithResolvers<void>
}

/** What is held for one transaction, in records: one part may be larger. */
const MOST_TOGETHER = 20_000

/**
 * The transactions of a worker in one assignment, one after another: what its tasks come up with while one is under way
 * goes together in the next. So there is one producer for a worker, not one for a task. (KIP-447, exactly-once v2)
 *
 * Its transactional id is new in each assignment, and stands as metadata beside every position that is committed. A
 * member of the group says so (`signed`) under its generation before it reads the first record; who takes a partition
 * next finds there whom to fence, and who is not a member any more can't say anything. So no former owner's transaction
 * is ever committed behind the positions that its successor has read.
 */
export class SharedTransactions {
  readonly #options: SharedTransactionsOptions
  readonly #id: string
  readonly #waiting: WaitingPart[] = []
  #producer: TransactionalProducer | undefined
  #running = false
  #failure: MillraceError | undefined
  #closed: Promise<void> | undefined

  constructor(options: SharedTransactionsOptions) {
    this.#options = options
    this.#id = writerPrefix(options.application) + randomUUID()
  }

  /** Waits for the broker as long as it takes. */
  async open(): Promise<void> {
    this.#producer = await openWriter(this.#id, this.#options)
    // Those that asked for it have gone meanwhile.
    if (this.#closed !== undefined) await this.#producer.close()
  }

  /** The positions as the group is to keep them. */
  signed(positions: readonly Position[]): CommittedPosition[] {
    return positions.map((position) => ({ ...position, metadata: this.#id }))
  }

  /** Resolves when it is committed. Once one has rejected no other is begun. */
  commit(part: Part): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#waiting.push({ ...part, done })
    if (!this.#running) void this.#run()
    return done.promise
  }

  /** What is open is given up. */
  close(): Promise<void> {
    this.#closed ??= this.#producer?.close() ?? Promise.resolve()
    return this.#closed
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      // A fetch, and the end of a transaction, wakes several tasks: they come together.
      await nextTurn()
      const parts = this.#next()
      try {
        if (this.#failure !== undefined) throw this.#failure
        await this.#write(parts)
        for (const { done } of parts) done.resolve()
      } catch (error) {
        const reason = this.#reasonOf(error, parts)
        for (const { done } of parts) done.reject(reason)
      }
    }
    this.#running = false
  }

  async #write(parts: readonly Part[]): Promise<void> {
    const producer = this.#producer!
    const records = parts.length === 1 ? parts[0]!.records : parts.flatMap((part) => part.records)
    if (records.length > 0) await producer.send(records)
    await producer.commit(this.signed(parts.flatMap(({ positions }) => positions)))
    this.#options.committed()
  }

  /** As many as fit; by itself who may be to blame for a refusal. */
  #next(): readonly WaitingPart[] {
    const { suspects } = this.#options
    let count = 0
    let records = 0
    for (const part of this.#waiting) {
      const alone = suspects.isAlone(part.task)
      records += part.records.length
      if (count > 0 && (alone || records > MOST_TOGETHER)) break
      count++
      if (alone) break
    }
    return this.#waiting.splice(0, count)
  }

  /** Only who was alone in a transaction is to blame for its refusal; the others are in doubt, and begin anew. */
  #reasonOf(error: unknown, parts: readonly Part[]): unknown {
    if (this.#failure !== undefined) return this.#failure
    const said = `a transaction has failed: ${messageOf(error)}`
    this.#failure = new MillraceError('FENCED', said, { cause: error })
    if (!isRefusal(error) || parts.length === 1) return error
    this.#options.suspects.refusedTogether()
    return this.#failure
  }
}
