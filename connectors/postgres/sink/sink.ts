import { bisect } from '../../../lib/bisect.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { Sink, SinkRow, TakenSink } from '../../../lib/ports.ts'
import type { TableWrite } from '../../../lib/table/table-row.ts'
import { refusalOf } from '../database-error.ts'
import { parametersOf } from './batch.ts'
import { readGeneration } from './generations.ts'
import { runStatement } from './run-statement.ts'
import { upsertStatement } from './statements.ts'
import { isOfData, TableWriter, type TableWriterOptions } from './table-writer.ts'
import { takeSink } from './taken-sink.ts'

/**
 * Writes rows to one table, a batch in one statement. Idempotent: a row sent again, or after a newer one, changes
 * nothing, because the write clock decides. Within one batch only the newest write of a key is sent.
 */
export class PostgresSink implements Sink {
  readonly #options: TableWriterOptions
  readonly #writer: TableWriter
  readonly #upsert: string
  #generation: number | undefined

  constructor(options: TableWriterOptions) {
    this.#options = options
    this.#writer = new TableWriter(options)
    this.#upsert = upsertStatement(options.stored)
  }

  async prepare(): Promise<void> {
    const { database, context } = this.#options
    this.#generation = await readGeneration(database, context.clockOf ?? context.application)
  }

  async write(rows: readonly SinkRow[], signal: AbortSignal): Promise<void> {
    const writes = this.#writer.writesOf(rows, this.#current())
    signal.throwIfAborted()
    const refused = await bisect(writes, (part) =>
      this.#writer.untilDone(() => this.#send(part, signal), part.length, signal),
    )
    this.#writer.refuse(refused)
  }

  take(task: string): Promise<TakenSink> {
    return takeSink(this.#writer, task, () => this.#current())
  }

  /** The connection is the connector's. */
  async close(): Promise<void> {}

  #current(): number {
    if (this.#generation !== undefined) return this.#generation
    throw new MillraceError('INTERNAL', 'a sink was written to before prepare()')
  }

  /** Resolves with the refusal if PostgreSQL will never take these rows as they are. */
  async #send(writes: readonly TableWrite[], signal: AbortSignal): Promise<string | undefined> {
    const { database, stored } = this.#options
    const statement = { text: this.#upsert, values: parametersOf(stored, writes) }
    try {
      await runStatement(database, this.#writer.doing, statement, this.#writer.patience(signal))
      return undefined
    } catch (error) {
      if (isOfData(error)) return refusalOf(error)
      throw await this.#writer.meaning(error)
    }
  }
}
