import { bisect, type Refused } from '../../../lib/bisect.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { SinkRow, TakenSink } from '../../../lib/ports.ts'
import type { Position } from '../../../lib/record.ts'
import type { TableWrite } from '../../../lib/table/table-row.ts'
import { refusalOf } from '../database-error.ts'
import { parametersOf } from './batch.ts'
import { fenced, fencedStatement, fenceOf, type Held, raiseEpoch, readHeld, type Taker } from './positions.ts'
import { onConnection, type Run, runStatement } from './run-statement.ts'
import { upsertParameters, upsertStatement } from './statements.ts'
import { isOfData, type TableWriter } from './table-writer.ts'

/** Who is stopped in the middle of looking for culprits must not hold their rows for long. */
const IDLE_MS = 10_000
/** How often rows are written again of which none is refused alone. */
const ROUNDS = 3

/** Raises the epoch of the task; `generation` is asked at each write. */
export async function takeSink(
  writer: TableWriter,
  task: string,
  generation: () => number,
): Promise<TakenSink> {
  const { database, context } = writer.options
  const taker = { application: context.application, step: context.step, task }
  const held = await raiseEpoch(database, taker)
  return new TakenPostgresSink(writer, taker, held, generation)
}

class TakenPostgresSink implements TakenSink {
  readonly positions: readonly Position[]
  readonly #writer: TableWriter
  readonly #taker: Taker
  readonly #generation: () => number
  readonly #statement: string
  readonly #upsert: string
  /** What the next write compares; undefined once it is not known any more. */
  #held: Held | undefined

  constructor(
    writer: TableWriter,
    taker: Taker,
    held: Held & { readonly positions: readonly Position[] },
    generation: () => number,
  ) {
    const { stored } = writer.options
    this.positions = held.positions
    this.#writer = writer
    this.#taker = taker
    this.#generation = generation
    this.#held = held
    this.#upsert = upsertStatement(stored)
    this.#statement = fencedStatement(
      (condition) => upsertStatement(stored, condition),
      upsertParameters(stored) + 1,
    )
  }

  async write(rows: readonly SinkRow[], positions: readonly Position[], signal: AbortSignal): Promise<void> {
    const writes = this.#writer.writesOf(rows, this.#generation())
    signal.throwIfAborted()
    let refusal: string | undefined
    for (let round = 0; round < ROUNDS; round++) {
      refusal = await this.#attempt(writes, positions, signal)
      if (refusal === undefined) return
      this.#writer.refuse(await this.#culprits(writes, signal))
      // What refused it has passed, or refuses rows together only.
    }
    const { database, context } = this.#writer.options
    const message = `PostgreSQL at ${database.server} refuses rows of sink "${context.step}" together, and none alone: ${refusal}`
    throw new MillraceError('WRITE', message, { step: context.step })
  }

  /** Resolves with the refusal if PostgreSQL does not take these rows as they are. */
  async #attempt(
    writes: readonly TableWrite[],
    positions: readonly Position[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const held = this.#held
    if (held === undefined) throw fenced(this.#taker)
    // Until this is known to have been written, or not, nothing else may be.
    this.#held = undefined
    const values = [
      ...parametersOf(this.#writer.options.stored, writes),
      ...fenceOf(this.#taker, held, positions),
    ]
    let attempts = 0
    const send = () => {
      attempts++
      return this.#send(values, held, signal)
    }
    const outcome = await this.#writer.untilDone(send, writes.length, signal)
    if (outcome === 'fenced') throw fenced(this.#taker)
    if (outcome === 'written') {
      this.#held = { ...held, batch: held.batch + 1 }
      return undefined
    }
    // After a lost connection the server may yet do it as it was: who writes less then has to look again.
    if (attempts === 1) this.#held = held
    return outcome.refusal
  }

  /**
   * One statement, sent again with what it compares until its outcome is known: whichever of them comes first writes,
   * and the others find that the batch has been written.
   */
  async #send(
    values: unknown[],
    held: Held,
    signal: AbortSignal,
  ): Promise<'written' | 'fenced' | { readonly refusal: string }> {
    const { database } = this.#writer.options
    const statement = { text: this.#statement, values }
    const patience = this.#writer.patience(signal)
    try {
      const [row] = await runStatement<{ kept: boolean }>(database, this.#writer.doing, statement, patience)
      if (row?.kept) return 'written'
    } catch (error) {
      if (isOfData(error)) return { refusal: refusalOf(error) }
      throw await this.#writer.meaning(error)
    }
    const now = await readHeld(database, this.#taker, patience)
    return now?.epoch === held.epoch && now.batch === held.batch + 1 ? 'written' : 'fenced'
  }

  /** Tried out in a transaction that is rolled back: nothing is written without its position. */
  #culprits(writes: readonly TableWrite[], signal: AbortSignal): Promise<Refused<TableWrite, string>[]> {
    return this.#writer.untilDone(() => this.#tryOut(writes, signal), writes.length, signal)
  }

  async #tryOut(writes: readonly TableWrite[], signal: AbortSignal): Promise<Refused<TableWrite, string>[]> {
    const { database } = this.#writer.options
    try {
      return await onConnection(database, this.#writer.doing, this.#writer.patience(signal), async (run) => {
        await run({ text: 'begin' })
        try {
          await run({ text: `set local idle_in_transaction_session_timeout = ${IDLE_MS}` })
          await run({ text: 'set constraints all immediate' })
          return await bisect(writes, (part) => this.#tryPart(part, run))
        } finally {
          await run({ text: 'rollback' }).catch(() => undefined)
        }
      })
    } catch (error) {
      throw await this.#writer.meaning(error)
    }
  }

  async #tryPart(part: readonly TableWrite[], run: Run): Promise<string | undefined> {
    await run({ text: 'savepoint part' })
    try {
      await run({ text: this.#upsert, values: parametersOf(this.#writer.options.stored, part) })
      return undefined
    } catch (error) {
      if (!isOfData(error)) throw error
      await run({ text: 'rollback to part' })
      return refusalOf(error)
    }
  }
}
