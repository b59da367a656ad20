import type { Broker, TransactionalProducer } from '../broker/broker.ts'
import { Ledger } from '../deployed/ledger.ts'
import { RedrivenLetters } from '../deployed/redriven-letters.ts'
import { MillraceError } from '../errors.ts'
import { isRefusal } from '../runtime/deliver.ts'
import { TokenBucket } from '../token-bucket.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Letter } from './letter.ts'
import type { ReEntry } from './re-entry.ts'
import { lettersOf, rangesOfLetters } from './read-letters.ts'
import { type Selection, Sifter } from './sift.ts'

export interface RedriveOptions {
  readonly broker: Broker
  /** Of dead letters. */
  readonly topic: string
  readonly reEntry: ReEntry
  readonly selection: Selection
  /** How often a record may be redriven. */
  readonly limit: number
  readonly again: boolean
  /** Most letters a second. */
  readonly rate?: number | undefined
  readonly signal: AbortSignal
  readonly onProgress?: ((done: number) => void) | undefined
}

export interface RedrivePlan {
  readonly topic: string
  readonly selected: number
  readonly due: number
  /** What is due, by where it comes in. */
  readonly ways: Readonly<Record<string, number>>
  /** What is left as it is because it is done, by why. */
  readonly done: Readonly<Record<string, number>>
  /** What is left though it is not done, by why. */
  readonly left: Readonly<Record<string, number>>
  /** Fingerprints of what is due. */
  readonly groups: Readonly<Record<string, number>>
}

export interface Redriven {
  readonly redriven: number
  /** Of these, how many records became dead letters again. */
  readonly refused: number
  /** Letters whose records the broker will never take: they are left as they were. */
  readonly failed: readonly { readonly letter: string; readonly why: string }[]
}

const PAGE = 500

/** What a redrive would do; changes nothing. */
export async function planRedrive(options: RedriveOptions): Promise<RedrivePlan> {
  const { broker, topic, reEntry } = options
  const redriven = await RedrivenLetters.read(broker, topic)
  const sifter = new Sifter({ ...options, redriven })
  const tallies = { ways: {}, done: {}, left: {}, groups: {} } as Record<string, Record<string, number>>
  const add = (tally: string, what: string) => {
    tallies[tally]![what] = (tallies[tally]![what] ?? 0) + 1
  }
  let selected = 0
  let due = 0
  for await (const page of lettersOf(broker, await rangesOfLetters(broker, topic))) {
    for (const letter of page) {
      const verdict = await sifter.sift(letter)
      if (verdict.kind === 'other') continue
      selected++
      if (verdict.kind === 'done' || verdict.kind === 'twin') add('done', verdict.why)
      else if (verdict.kind !== 'due') add('left', verdict.why)
      else {
        due++
        add('ways', reEntry.way(letter))
        add('groups', fingerprintOf(letter))
      }
    }
  }
  const { ways, done, left, groups } = tallies as unknown as Pick<
    RedrivePlan,
    'ways' | 'done' | 'left' | 'groups'
  >
  return { topic, selected, due, ways, done, left, groups }
}

/**
 * Lets letters in again, page by page: what comes of a page, and that it is redriven, are in one transaction, behind
 * its rows. Killed anywhere, the next run goes on behind the last page; rows may be written again, which tables do not
 * notice. One at a time: a second one fences the first.
 */
export async function redrive(options: RedriveOptions): Promise<Redriven> {
  const { broker, topic, rate, signal } = options
  await new Ledger(broker).require()
  const run = await Run.begin(options)
  const bucket = rate === undefined ? undefined : new TokenBucket(rate)
  const portion = rate === undefined ? PAGE : Math.min(PAGE, Math.max(1, Math.floor(rate / 10)))
  let page: Letter[] = []
  try {
    // What comes back as a dead letter while this goes on lies beyond these ends.
    for await (const letters of lettersOf(broker, await rangesOfLetters(broker, topic))) {
      for (const letter of letters) {
        if (!(await run.isDue(letter))) continue
        page.push(letter)
        if (page.length < portion) continue
        await bucket?.wait(page.length, signal).catch(unlessAborted(signal))
        if (signal.aborted) return run.outcome
        await run.enter(page)
        page = []
      }
    }
    if (page.length > 0 || run.hasTwins) await run.enter(page)
    return run.outcome
  } finally {
    await run.close()
  }
}

function unlessAborted(signal: AbortSignal) {
  return (error: unknown): void => {
    if (!signal.aborted) throw error
  }
}

/** One redrive, and the transactional id that only one has at a time. */
class Run {
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
  static async begin(options: RedriveOptions): Promise<Run> {
    const { broker, topic } = options
    const transactions = await openTransactions(broker, topic)
    return new Run(options, transactions, await RedrivenLetters.read(broker, topic))
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

/** @throws MillraceError `CONFIG` for a selection that names no letter. */
export function requireSelected({ selected, topic }: RedrivePlan, selection: Selection): void {
  if (selected > 0 || selection.how === 'all') return
  const what =
    selection.how === 'group'
      ? `group ${selection.fingerprint}`
      : `${selection.partition}/${selection.offset}`
  throw new MillraceError(
    'CONFIG',
    `no dead letter of ${topic} is of ${what}: \`millrace dlq ls\` lists groups`,
  )
}
