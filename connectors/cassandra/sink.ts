import { types } from 'cassandra-driver'
import { retrying } from '../../lib/backoff.ts'
import { isRetriable, MillraceError } from '../../lib/errors.ts'
import { atMostEvery, type Logger } from '../../lib/log.ts'
import type { Sink, SinkContext, SinkRow } from '../../lib/ports.ts'
import { newestPerKey } from '../../lib/table/write-clock.ts'
import type { Connection } from './connection.ts'
import { cassandraError, isAway, isInvalid, kindOf, lostStatement } from './failures.ts'
import { readGeneration } from './generations.ts'
import type { InFlight } from './in-flight.ts'
import type { CassandraTarget } from './table.ts'
import { inspectTable } from './table-resource.ts'
import { type Write, WriteBuilder } from './write.ts'

const RETRY = { base: 100, cap: 5000 }
const LOG_EVERY_MS = 5000
const WRITE = { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum }

export interface CassandraSinkOptions {
  readonly connection: Connection
  readonly target: CassandraTarget
  readonly context: SinkContext
  /** Shared by all sinks that write this table. */
  readonly inFlight: InFlight
  readonly logger: Logger
}

/**
 * Writes rows to one table. Idempotent: a row sent again, or after a newer one, changes nothing, because the write
 * clock decides. Within one batch only the newest write of a key is sent.
 */
export class CassandraSink implements Sink {
  readonly #options: CassandraSinkOptions
  readonly #writes: WriteBuilder
  readonly #rarely = atMostEvery(LOG_EVERY_MS)
  #generation: number | undefined
  #away = false

  constructor(options: CassandraSinkOptions) {
    this.#options = options
    this.#writes = new WriteBuilder(options.connection.keyspace, options.target, options.context.step)
  }

  async prepare(): Promise<void> {
    const { connection, context } = this.#options
    this.#generation = await readGeneration(connection, context.clockOf ?? context.application)
  }

  async write(rows: readonly SinkRow[], signal: AbortSignal): Promise<void> {
    const generation = this.#generation
    if (generation === undefined)
      throw new MillraceError('INTERNAL', 'a sink was written to before prepare()')
    const writes = newestPerKey(this.#writes.build(rows, generation))
    const refusals = new Map<Write, MillraceError>()
    await this.#options.inFlight.each(writes, signal, async (write, stop) => {
      const refusal = await this.#send(write, stop).then(() => undefined, refusalOf)
      if (refusal !== undefined) refusals.set(write, refusal)
    })
    if (refusals.size > 0) throw this.#writes.refuseAll(writes.flatMap((write) => refusals.get(write) ?? []))
  }

  /** The connection is the connector's. */
  async close(): Promise<void> {}

  /** Only what failed is sent again, with the clock it had. */
  async #send(write: Write, signal: AbortSignal): Promise<void> {
    const onRetry = (error: unknown) => this.#tellAway(error)
    const when = (error: unknown) => isAway(error) || isRetriable(error)
    await retrying(() => this.#execute(write), { ...RETRY, when, onRetry, signal })
    if (this.#away) this.#tellBack()
  }

  async #execute(write: Write): Promise<void> {
    const driver = await this.#options.connection.client()
    try {
      await driver.execute(write.cql, write.params as unknown[], WRITE)
    } catch (error) {
      throw await this.#meaning(error, write)
    }
  }

  async #meaning(error: unknown, write: Write): Promise<unknown> {
    const { connection, context, target } = this.#options
    if (lostStatement(error)) {
      const table = await inspectTable(connection, target).catch(() => 'present' as const)
      if (table !== 'present') return this.#tableLost(table === 'missing' ? 'is gone' : table.differs)
      if (isInvalid(error))
        return this.#writes.refuse(
          write.row,
          'Cassandra calls it invalid, e.g. an empty or too long key, or too large',
        )
    }
    return isAway(error)
      ? error
      : cassandraError(error, `write for sink "${context.step}"`, connection.server)
  }

  #tableLost(how: string): MillraceError {
    const { connection, context, target } = this.#options
    return new MillraceError(
      'MISSING',
      `sink "${context.step}" can't write: table ${connection.keyspace}.${target.name} ${how}. Compare with: millrace apply`,
      { step: context.step },
    )
  }

  #tellAway(error: unknown): void {
    const { connection, context, inFlight, logger } = this.#options
    this.#away = true
    this.#rarely(() =>
      logger.warn(
        { step: context.step, rowsWaiting: inFlight.running },
        `sink "${context.step}": Cassandra at ${connection.server} does not take writes (${kindOf(error)}), trying again`,
      ),
    )
  }

  #tellBack(): void {
    const { context, logger } = this.#options
    this.#away = false
    logger.info({ step: context.step }, `sink "${context.step}": Cassandra takes writes again`)
  }
}

/** One row's, which does not keep the others from being written. */
function refusalOf(error: unknown): MillraceError {
  if (error instanceof MillraceError && error.code === 'WRITE') return error
  throw error
}
