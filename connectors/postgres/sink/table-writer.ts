import { retrying } from '../../../lib/backoff.ts'
import type { Refused } from '../../../lib/bisect.ts'
import { isRetriable, MillraceError, messageOf } from '../../../lib/errors.ts'
import { atMostEvery, type Logger } from '../../../lib/log.ts'
import type { SinkContext, SinkRow } from '../../../lib/ports.ts'
import { TableRows, type TableWrite } from '../../../lib/table/table-row.ts'
import { newestPerKey } from '../../../lib/table/write-clock.ts'
import type { Database } from '../connection.ts'
import { databaseError, sqlState } from '../database-error.ts'
import { tableResource } from '../table-resource.ts'
import { inKeyOrder } from './batch.ts'
import { fitsPostgres } from './column-types.ts'
import type { Patience } from './run-statement.ts'
import { type StoredTable, tableDefinition } from './stored-table.ts'

const RETRY = { base: 100, cap: 5000 }
const LOG_EVERY_MS = 5000
/** A server that is frozen, or gone without a word, would be waited for without end. */
const ANSWER_WITHIN_MS = 60_000
const LONGEST_ANSWER_MS = 3_600_000

export interface TableWriterOptions {
  readonly database: Database
  readonly stored: StoredTable
  readonly context: SinkContext
  readonly logger: Logger
  /** How long the first attempt of a write waits for an answer. Milliseconds, default 60,000. */
  readonly answerWithin?: number | undefined
}

/** What all writes to one table of a step have in common: what is sent, what is waited for, what an error means. */
export class TableWriter {
  readonly options: TableWriterOptions
  /** Completes "could not …". */
  readonly doing: string
  readonly #rows: TableRows
  readonly #rarely = atMostEvery(LOG_EVERY_MS)
  #within: number
  #away = false

  constructor(options: TableWriterOptions) {
    const { stored, context } = options
    const table = `PostgreSQL table ${stored.name}`
    this.options = options
    this.#within = options.answerWithin ?? ANSWER_WITHIN_MS
    this.doing = `write for sink "${context.step}"`
    this.#rows = new TableRows({ target: stored.target, step: context.step, table, fits: fitsPostgres })
  }

  /**
   * What is to be sent of these rows: of each key its newest.
   * @throws {MillraceError} `WRITE` naming every row that PostgreSQL could never hold.
   */
  writesOf(rows: readonly SinkRow[], generation: number): TableWrite[] {
    return inKeyOrder(newestPerKey(this.#rows.checkAll(rows, generation)))
  }

  /** A table may be slow: whenever no answer comes, the next attempt waits twice as long, up to an hour. */
  patience(signal: AbortSignal): Patience {
    return { signal, within: this.#within }
  }

  /** Waits for the server as long as it takes. */
  async untilDone<T>(send: () => Promise<T>, rows: number, signal: AbortSignal): Promise<T> {
    const done = await retrying(send, {
      ...RETRY,
      when: isRetriable,
      onRetry: (error) => this.#tellAway(error, rows),
      signal,
    }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw error
    })
    if (this.#away) this.#tellBack()
    return done
  }

  /** @throws {MillraceError} `WRITE` naming the refused rows, if there are any. */
  refuse(refused: readonly Refused<TableWrite, string>[]): void {
    if (refused.length === 0) return
    throw this.#rows.refuseAll(
      refused.map(({ item, refusal }) => this.#rows.refuse(item.row, `PostgreSQL refuses it: ${refusal}`)),
    )
  }

  /** What a failure that is no refusal of a row means. */
  async meaning(error: unknown): Promise<unknown> {
    const { database, stored, context } = this.options
    if (isSilence(error)) this.#within = Math.min(2 * this.#within, LONGEST_ANSWER_MS)
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
    return databaseError(error, this.doing, database.server)
  }

  #tellAway(error: unknown, rows: number): void {
    const { context, logger } = this.options
    this.#away = true
    this.#rarely(() =>
      logger.warn(
        { step: context.step, rowsWaiting: rows },
        `sink "${context.step}" waits and tries again: ${messageOf(error)}`,
      ),
    )
  }

  #tellBack(): void {
    const { context, logger } = this.options
    this.#away = false
    logger.info({ step: context.step }, `sink "${context.step}": PostgreSQL takes writes again`)
  }
}

/** `pg` gives this no code (pg/lib/client.js). */
function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout'
}

/**
 * Data exceptions, violated constraints, values too large for an index, a user's trigger that raises; and one row
 * twice in a statement, which is over once the two are sent apart.
 */
export function isOfData(error: unknown): boolean {
  return /^(21|22|23|44|54|P0001)/.test(sqlState(error) ?? '')
}
