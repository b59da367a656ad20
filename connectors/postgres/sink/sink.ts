import { retrying } from '../../../lib/backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../../../lib/errors.ts'
import { atMostEvery, type Logger } from '../../../lib/log.ts'
import type { Sink, SinkContext, SinkRow } from '../../../lib/ports.ts'
import { TableRows, type TableWrite } from '../../../lib/table/table-row.ts'
import { newestPerKey } from '../../../lib/table/write-clock.ts'
import type { Database } from '../connection.ts'
import { databaseError, refusalOf, sqlState } from '../database-error.ts'
import { tableResource } from '../table-resource.ts'
import { inKeyOrder, parametersOf } from './batch.ts'
import { fitsPostgres } from './column-types.ts'
import { readGeneration } from './generations.ts'
import { runStatement } from './run-statement.ts'
import { upsertStatement } from './statements.ts'
import { type StoredTable, tableDefinition } from './stored-table.ts'

const RETRY = { base: 100, cap: 5000 }
const LOG_EVERY_MS = 5000

export interface PostgresSinkOptions {
  readonly database: Database
  readonly stored: StoredTable
  readonly context: SinkContext
  readonly logger: Logger
}

/**
 * Writes rows to one table, a batch in one statement. Idempotent: a row sent again, or after a newer one, changes
 * nothing, because the write clock decides. Within one batch only the newest write of a key is sent.
 */
export class PostgresSink implements Sink {
  readonly #options: PostgresSinkOptions
  readonly #rows: TableRows
  readonly #upsert: string
  readonly #doing: string
  readonly #rarely = atMostEvery(LOG_EVERY_MS)
  #generation: number | undefined
  #away = false

  constructor(options: PostgresSinkOptions) {
    const { stored, context } = options
    const table = `PostgreSQL table ${stored.name}`
    this.#options = options
    this.#rows = new TableRows({ target: stored.target, step: context.step, table, fits: fitsPostgres })
    this.#upsert = upsertStatement(stored)
    this.#doing = `write for sink "${context.step}"`
  }

  async prepare(): Promise<void> {
    const { database, context } = this.#options
    this.#generation = await readGeneration(database, context.application)
  }

  async write(rows: readonly SinkRow[], signal: AbortSignal): Promise<void> {
    const generation = this.#generation
    if (generation === undefined)
      throw new MillraceError('INTERNAL', 'a sink was written to before prepare()')
    const writes = newestPerKey(rows.map((row) => this.#rows.check(row, generation)))
    signal.throwIfAborted()
    if (writes.length > 0) await this.#write(inKeyOrder(writes), signal)
  }

  /** The connection is the connector's. */
  async close(): Promise<void> {}

  /** Halves what was refused as a whole until the culprit stands alone; its neighbours are written or sent again. */
  async #write(writes: readonly TableWrite[], signal: AbortSignal): Promise<void> {
    const refusal = await retrying(() => this.#send(writes, signal), {
      ...RETRY,
      when: isRetriable,
      onRetry: (error) => this.#tellAway(error, writes.length),
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw error
    })
    if (this.#away) this.#tellBack()
    if (refusal === undefined) return
    if (writes.length === 1) throw this.#rows.refuse(writes[0]!.row, `PostgreSQL refuses it: ${refusal}`)
    const middle = writes.length >> 1
    await this.#write(writes.slice(0, middle), signal)
    await this.#write(writes.slice(middle), signal)
  }

  /** Resolves with the refusal if PostgreSQL will never take these rows as they are. */
  async #send(writes: readonly TableWrite[], signal: AbortSignal): Promise<string | undefined> {
    const { database, stored } = this.#options
    const statement = { text: this.#upsert, values: parametersOf(stored, writes) }
    try {
      await runStatement(database, this.#doing, statement, signal)
      return undefined
    } catch (error) {
      if (isOfData(error)) return refusalOf(error)
      throw await this.#meaning(error)
    }
  }

  async #meaning(error: unknown): Promise<unknown> {
    const { database, stored, context } = this.#options
    if (sqlState(error)?.startsWith('42')) {
      const table = await tableResource(database, tableDefinition(stored))
        .inspect()
        .catch(() => 'present' as const)
      if (table !== 'present') {
        const how = table === 'missing' ? 'is gone' : table.differs
        return new MillraceError(
          'MISSING',
          `sink "${context.step}" can't write: table ${stored.name} ${how}. Compare with: millrace apply`,
          { step: context.step },
        )
      }
    }
    return databaseError(error, this.#doing, database.server)
  }

  #tellAway(error: unknown, rows: number): void {
    const { context, logger } = this.#options
    this.#away = true
    this.#rarely(() =>
      logger.warn(
        { step: context.step, rowsWaiting: rows },
        `sink "${context.step}" waits and tries again: ${messageOf(error)}`,
      ),
    )
  }

  #tellBack(): void {
    const { context, logger } = this.#options
    this.#away = false
    logger.info({ step: context.step }, `sink "${context.step}": PostgreSQL takes writes again`)
  }
}

/**
 * Data exceptions, violated constraints, values too large for an index, a user's trigger that raises; and one row
 * twice in a statement, which is over once the two are sent apart.
 */
function isOfData(error: unknown): boolean {
  return /^(21|22|23|44|54|P0001)/.test(sqlState(error) ?? '')
}
