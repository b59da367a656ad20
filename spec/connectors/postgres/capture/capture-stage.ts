import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { kafkaBroker } from '../../../../connectors/kafka/broker.ts'
import { type Capture, openCapture } from '../../../../connectors/postgres/capture/capture.ts'
import type { CaptureOptions, CaptureSpec } from '../../../../connectors/postgres/capture/options.ts'
import { captureResources } from '../../../../connectors/postgres/capture/resources.ts'
import { type Database, openDatabase } from '../../../../connectors/postgres/connection.ts'
import type { Broker, BrokerProducer } from '../../../../lib/broker/broker.ts'
import type { RawRecord } from '../../../../lib/record.ts'
import { servers } from '../../../support/servers.ts'
import type { ChildOptions } from './capture-child.ts'
import { encodeRow } from './encode-row.ts'

/** A database and two topics of a spec's own, and what it takes to capture `staging.users` between them. */
export class CaptureStage {
  readonly databaseUrl: string
  readonly database: Database
  readonly spec: CaptureSpec
  readonly topic: string
  readonly deadLetterTopic: string
  readonly broker: Broker
  readonly #admin: Database
  readonly #name: string
  readonly #clients: pg.Client[] = []
  readonly #running: { abort: AbortController; done: Promise<void> }[] = []
  #producer: BrokerProducer | undefined

  private constructor(name: string, serverUrl: string, admin: Database) {
    this.#name = name
    this.#admin = admin
    const url = new URL(serverUrl)
    url.pathname = `/${name}`
    this.databaseUrl = url.href
    this.database = openDatabase(this.databaseUrl)
    this.spec = { name: 'users', table: 'staging.users', publication: 'millrace_users', slot: name }
    this.topic = `${name}.raw`
    this.deadLetterTopic = `${name}.dlq`
    this.broker = kafkaBroker({ brokers: servers().kafkaBrokers.split(',') })
  }

  static async open(serverUrl = servers().databaseUrl): Promise<CaptureStage> {
    const name = `capture_${randomBytes(6).toString('hex')}`
    const admin = openDatabase(serverUrl)
    await admin.query('create a database', `CREATE DATABASE ${name}`)
    const stage = new CaptureStage(name, serverUrl, admin)
    const client = await stage.client()
    await client.query(`
      CREATE SCHEMA staging;
      CREATE TABLE staging.users (id bigserial PRIMARY KEY, name text, notes text)`)
    await stage.broker.admin.createTopic({ topic: stage.topic, partitions: 1 })
    await stage.broker.admin.createTopic({ topic: stage.deadLetterTopic, partitions: 1 })
    return stage
  }

  /** What `millrace apply` does. */
  async apply(): Promise<void> {
    for (const resource of captureResources(this.database, this.spec)) {
      if ((await resource.inspect()) === 'missing') await resource.create()
    }
  }

  /** A connection of the application's own; closed with the stage. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client(this.databaseUrl)
    client.on('error', () => undefined)
    await client.connect()
    this.#clients.push(client)
    return client
  }

  async options(changes: Partial<CaptureOptions> = {}): Promise<CaptureOptions> {
    this.#producer ??= await this.broker.producer({})
    return {
      ...this.spec,
      databaseUrl: this.databaseUrl,
      topic: this.topic,
      deadLetterTopic: this.deadLetterTopic,
      identity: 'id',
      encode: encodeRow,
      producer: this.#producer,
      heartbeatMs: 200,
      ...changes,
    }
  }

  /** For a capture in a process of its own. */
  childOptions(changes: Partial<ChildOptions> = {}): ChildOptions {
    const { spec, databaseUrl, topic, deadLetterTopic } = this
    return {
      spec,
      databaseUrl,
      brokers: servers().kafkaBrokers.split(','),
      topic,
      deadLetterTopic,
      ...changes,
    }
  }

  open(changes: Partial<CaptureOptions> = {}): Promise<Capture> {
    return this.options(changes).then(openCapture)
  }

  /** Starts a capture, which `stop` and `close` end. Resolves when it streams: its snapshot is done. */
  async start(changes: Partial<CaptureOptions> = {}): Promise<Capture> {
    const capture = await this.launch(changes)
    await until(() => capture.status.state === 'streaming')
    return capture
  }

  /** As `start`, but does not wait. */
  async launch(changes: Partial<CaptureOptions> = {}): Promise<Capture> {
    const capture = await this.open(changes)
    const abort = new AbortController()
    const done = capture.run(abort.signal)
    done.catch(() => undefined)
    this.#running.push({ abort, done })
    return capture
  }

  /** Ends what `start` has started; rejects with the error of a capture that had failed. */
  async stop(): Promise<void> {
    for (const { abort } of this.#running) abort.abort()
    await Promise.all(this.#running.splice(0).map(({ done }) => done))
  }

  /** What the capture that was started last fails with. */
  async failure(): Promise<unknown> {
    const last = this.#running.pop()
    return last?.done.then(
      () => new Error('the capture ended without an error'),
      (error: unknown) => error,
    )
  }

  /** Everything in the topic, by offset. */
  async records(topic = this.topic): Promise<RawRecord[]> {
    const ranges = await this.broker.admin.offsets(topic)
    const records: RawRecord[] = []
    const wanted = ranges.map(({ partition, earliest, end }) => ({
      topic,
      partition,
      from: earliest,
      to: end,
    }))
    for await (const batch of this.broker.read(wanted)) records.push(...batch.records)
    return records
  }

  /** The rows in the topic, as `encodeRow` wrote them. */
  async rows(): Promise<Record<string, string | null>[]> {
    return (await this.records()).map(({ value }) => JSON.parse(String(value)))
  }

  /** Resolves with the rows once there are so many. */
  async rowsReaching(count: number): Promise<Record<string, string | null>[]> {
    await until(async () => (await this.#end(this.topic)) >= count)
    return this.rows()
  }

  async deadLettersReaching(count: number): Promise<RawRecord[]> {
    await until(async () => (await this.#end(this.deadLetterTopic)) >= count)
    return this.records(this.deadLetterTopic)
  }

  /** The slot's position, and the stored one. */
  async positions(): Promise<{ slot: bigint; stored: bigint; walEnd: bigint; restart: bigint }> {
    const rows = await this.#admin.query<Record<string, string>>(
      'look at a slot',
      `SELECT confirmed_flush_lsn - '0/0'::pg_lsn AS slot, restart_lsn - '0/0'::pg_lsn AS restart,
              pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal_end
         FROM pg_replication_slots WHERE slot_name = $1`,
      [this.spec.slot],
    )
    const [captures] = await this.database.query<{ stored: string }>(
      'read a position',
      "SELECT lsn - '0/0'::pg_lsn AS stored FROM millrace.captures",
    )
    const of = (text: string | undefined) => BigInt(text ?? -1)
    const [slot] = rows
    return {
      slot: of(slot?.slot),
      stored: of(captures?.stored),
      walEnd: of(slot?.wal_end),
      restart: of(slot?.restart),
    }
  }

  async slotIsActive(): Promise<boolean> {
    const rows = await this.#admin.query<{ active: boolean }>(
      'look at a slot',
      'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
      [this.spec.slot],
    )
    return rows[0]?.active ?? false
  }

  async dropSlot(): Promise<void> {
    await this.#admin.query(
      'drop a slot',
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [this.spec.slot],
    )
  }

  async close(): Promise<void> {
    for (const { abort } of this.#running) abort.abort()
    await Promise.allSettled(this.#running.map(({ done }) => done))
    await this.#producer?.close()
    await this.broker.close()
    await this.database.close()
    await Promise.all(this.#clients.map((client) => client.end()))
    await until(async () => !(await this.slotIsActive()))
    await this.dropSlot()
    await this.#admin.query('drop a database', `DROP DATABASE ${this.#name} WITH (FORCE)`)
    await this.#admin.close()
  }

  async #end(topic: string): Promise<number> {
    const ranges = await this.broker.admin.offsets(topic)
    return ranges.reduce((sum, { end }) => sum + end, 0)
  }
}

/** Resolves when the condition holds; the spec's own time-out bounds it. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await delay(20)
}
