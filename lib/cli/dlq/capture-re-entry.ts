import { captureAgain } from '../../../connectors/postgres/capture/capture-again.ts'
import type { RowEncoding } from '../../../connectors/postgres/capture/delivery.ts'
import { type Database, openDatabase } from '../../../connectors/postgres/connection.ts'
import type { TransactionalProducer } from '../../broker/broker.ts'
import { withAttempts } from '../../dead-letters/counted-refusals.ts'
import type { Letter } from '../../dead-letters/letter.ts'
import type { ReEntry } from '../../dead-letters/re-entry.ts'
import type { Checkpoint } from '../../runtime/checkpoint.ts'
import type { Environment } from '../../runtime/environment.ts'
import { Outbox } from '../../runtime/outbox.ts'
import { usersRawEncoding } from '../pipeline.ts'

/** Captures the staging rows of letters again, as they are now; the running capture is not asked. */
export class CaptureReEntry implements ReEntry {
  readonly #database: Database
  readonly #encoding: RowEncoding
  #refused = 0

  private constructor(database: Database, encoding: RowEncoding) {
    this.#database = database
    this.#encoding = encoding
  }

  static async open(environment: Environment, databaseUrl: string): Promise<CaptureReEntry> {
    const encoding = await usersRawEncoding(environment)
    return new CaptureReEntry(openDatabase(databaseUrl, { name: 'millrace dlq', connections: 1 }), encoding)
  }

  get refused(): number {
    return this.#refused
  }

  async obstacle({ origin, application }: Letter): Promise<string | undefined> {
    const { name, table } = this.#encoding
    if (origin.kind === 'record' || application !== name) return `it is no letter of capture "${name}"`
    if (origin.table !== table) return `it is of table ${origin.table}, and capture "${name}" reads ${table}`
    return origin.id === '' ? 'it names no row' : undefined
  }

  way(): string {
    const { table, topic } = this.#encoding
    return `captured again from ${table} → ${topic}`
  }

  async enter(letters: readonly Letter[]): Promise<Outbox> {
    const rows = letters.flatMap(({ origin, timestamp }) =>
      origin.kind === 'row' ? [{ id: origin.id, committedAt: timestamp }] : [],
    )
    const records = await captureAgain(this.#database, rows, this.#encoding)
    const outbox = new Outbox()
    for (const [index, record] of records.entries()) {
      const refused = record.topic === this.#encoding.deadLetterTopic
      if (refused) this.#refused++
      const headers = refused ? withAttempts(record.headers, letters[index]!.attempts + 1) : record.headers
      outbox.markers.push({ ...record, headers })
    }
    return outbox
  }

  checkpoint(transactions: TransactionalProducer): Checkpoint {
    return async ({ markers }) => {
      await transactions.send(markers)
      await transactions.commit([])
    }
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}
