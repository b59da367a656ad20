import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { databaseError } from '../../../connectors/postgres/database-error.ts'
import type { CaptureStage } from '../../connectors/postgres/capture/capture-stage.ts'
import { consumeWholeTopic } from '../../support/console-consumer.ts'
import { servers } from '../../support/servers.ts'
import { judge, type Numbered, type Verdict } from '../support/judge.ts'

const KEYS = 40

/** Rows of `staging.users` whose ids rise with their commits, each key's too: written by one connection at a time. */
export class CapturedTable {
  readonly #stage: CaptureStage
  #client: pg.Client | undefined

  constructor(stage: CaptureStage) {
    this.#stage = stage
  }

  /** One transaction. */
  async insert(rows: number): Promise<void> {
    const client = await this.#connected()
    await client.query(
      `INSERT INTO staging.users (name, notes)
       SELECT 'key-' || g % ${KEYS}, repeat(md5(g::text), 8) FROM generate_series(1, $1::int) g`,
      [rows],
    )
  }

  /** In transactions of different sizes, until the table has so many; a server that is away is asked again. */
  async fill(rows: number): Promise<void> {
    for (let written = 0, size = 1; written < rows; size = (size * 7) % 41) {
      try {
        written = await this.count()
        if (written < rows) await this.insert(Math.min(size, rows - written))
      } catch (error) {
        if (!databaseError(error, 'write', 'the spec').retriable) throw error
        this.#client = undefined
        await delay(50)
      }
    }
  }

  async count(): Promise<number> {
    const client = await this.#connected()
    const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM staging.users')
    return Number(rows[0]!.count)
  }

  /** Compares the rows that PostgreSQL holds with those that Kafka's console consumer reads. */
  async judged(): Promise<Verdict> {
    // The one that writes may have been cut off since.
    const client = await this.#stage.client()
    const { rows } = await client.query<{ id: string; name: string }>('SELECT id, name FROM staging.users')
    const numbered = ({ id, name }: { id: string; name: string }): Numbered => ({ key: name, n: Number(id) })
    return judge(rows.map(numbered), (await this.inKafka()).map(numbered))
  }

  /** In the order of offsets, as Kafka's console consumer reads them. */
  async inKafka(): Promise<{ id: string; name: string; notes: string }[]> {
    const records = await consumeWholeTopic(servers().kafkaBrokers, this.#stage.topic)
    return records.map(({ value }) => JSON.parse(String(value)))
  }

  /** Records in Kafka, each delivery counted. */
  async delivered(): Promise<number> {
    const offsets = await this.#stage.broker.admin.offsets(this.#stage.topic)
    return offsets.reduce((sum, { end }) => sum + end, 0)
  }

  async #connected(): Promise<pg.Client> {
    this.#client ??= await this.#stage.client()
    return this.#client
  }
}
