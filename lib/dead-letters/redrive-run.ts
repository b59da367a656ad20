import type { Broker, TransactionalProducer } from '../broker/broker.ts'
import { RedrivenLetters } from '../deployed/redriven-letters.ts'
import { isRefusal } from '../runtime/deliver.ts'
import type { Letter } from './letter.ts'
import type { RedriveOptions } from './redrive-options.ts'
import { Sifter } from './sift.ts'

export interface Redriven {
  readonly redriven: number
  /** Of these, how many records became dead letters again. */
  readonly refused: number
  /** Letters whose records the broker will never take: they are left as they were. */
  readonly failed: readonly { readonly letter: string; readonly why: string }[]
}

/** One redrive, and the transactional id that only one has at a time. */
export class RedriveRun {
  readonly #options: RedriveOptions
  readonly #failed: { letter: string; why: string }[] = []
  #transactions: TransactionalProducer
  #redriven: RedrivenLetters
  #sifter: Sifter
  readonly #twins: Letter[] = []
  #count = 0
  #refused = 0

  private constructor(
    options: RedriveOptions,
    transactions: TransactionalProducer,
    redriven: RedrivenLetters,
  ) {
    this.#options = options
    this.#transactions = transactions
    this.#redriven = redriven
    this.#sifter = new Sifter({ ...options, redriven })
  }

  /** What an earlier one had begun is settled before the ledger is read. */
  static async begin(options: RedriveOptions): Promise<RedriveRun> {
    const { broker, topic } = options
    const transactions = await openTransactions(broker, topic)
    return new RedriveRun(options, transactions, await RedrivenLetters.read(broker, topic))
  }

  get outcome(): Redriven {
    return { redriven: this.#count, refused: this.#refused, failed: this.#failed }
  }

  async isDue(letter: Letter): Promise<boolean> {
    const { kind } = await this.#sifter.sift(letter)
    if (kind === 'twin') this.#twins.push(letter)
    return kind === 'due'
  }

  /** Letters that are done with those that came before them. */
  get hasTwins(): boolean {
    return this.#twins.length > 0
  }

  /** A broker refuses a whole transaction for one record that it will never take: then one by one. */
  async enter(page: readonly Letter[]): Promise<void> {
    try {
      await this.#commit(page)
      this.#count += page.length
      this.#options.onProgress?.(this.#count)
    } catch (error) {
      if (!isRefusal(error)) throw error
      await this.#reopen()
      if (page.length > 1) for (const letter of page) await this.enter([letter])
      else
        this.#failed.push({
          letter: `${page[0]!.partition}/${page[0]!.offset}`,
          why: error.message,
        })
    }
  }

  async close(): Promise<void> {
    await this.#transactions.close().catch(() => {})
  }

  async #commit(page: readonly Letter[]): Promise<void> {
    const { reEntry } = this.#options
    // A page that is begun is finished: what stops is stopped between two.
    const { signal } = new AbortController()
    const before = reEntry.refused
    const twins = [...this.#twins]
    const outbox = await reEntry.enter(page, signal)
    outbox.markers.push(...this.#redriven.note([...page, ...twins]))
    await reEntry.checkpoint(this.#transactions)(outbox, [], signal)
    this.#twins.splice(0, twins.length)
    this.#refused += reEntry.refused - before
  }

  async #reopen(): Promise<void> {
    const { broker, topic } = this.#options
    await this.close()
    this.#transactions = await openTransactions(broker, topic)
    this.#redriven = await RedrivenLetters.read(broker, topic)
  }
}

function openTransactions(broker: Broker, topic: string): Promise<TransactionalProducer> {
  const id = `${topic}-redrive`
  return broker.transactions({ id, group: id, clientId: 'millrace-dlq' })
}
