import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { NO_HEADERS, type OutRecord } from '../../../lib/record.ts'
import { openKeyspace, type SpecKeyspace } from '../../connectors/cassandra/keyspace.ts'
import {
  committedOf,
  endsOf,
  produce,
  type SpecEnvironment,
  specEnvironment,
} from '../../support/environment.ts'
import { membersOf } from '../../support/group.ts'
import { type MillraceProcess, millrace, startMillrace } from '../../support/millrace.ts'
import { servers } from '../../support/servers.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { PeakMemory } from '../support/peak-memory.ts'

const file = fileURLToPath(new URL('../topologies/rows.ts', import.meta.url))
const NOON = 1_767_268_800_000

interface Row {
  readonly n: number
  readonly copied: number
  /** Microseconds. */
  readonly clock: number
}

/** A worker of its own that writes numbers to Cassandra through a proxy, and a plain driver past it that judges. */
export class CassandraStage {
  readonly memory = new PeakMemory()
  readonly proxy = new TcpProxy(servers().cassandraContactPoints)
  readonly #name = `proxied-${randomBytes(4).toString('hex')}`
  #environment!: SpecEnvironment
  #keyspace!: SpecKeyspace
  #worker!: MillraceProcess
  #sent = 0

  async open(): Promise<void> {
    await this.proxy.listen()
    this.#environment = specEnvironment()
    this.#keyspace = openKeyspace()
    const variables = {
      SPEC_TOPOLOGY: this.#name,
      KAFKA_BROKERS: servers().kafkaBrokers,
      CASSANDRA_CONTACT_POINTS: this.proxy.address,
      CASSANDRA_LOCAL_DC: servers().cassandraDatacenter,
      CASSANDRA_KEYSPACE: this.#keyspace.name,
    }
    await millrace(['apply', file], variables)
    this.#worker = startMillrace(['run', file, '--batch-records', '100'], variables)
    this.memory.watch(this.#worker.pid)
  }

  async close(): Promise<void> {
    this.#worker?.kill('SIGKILL')
    await this.proxy.close()
    await this.#environment?.close()
    await this.#keyspace?.drop()
  }

  get worker(): MillraceProcess {
    return this.#worker
  }

  get sent(): number {
    return this.#sent
  }

  /** How often its worker was given partitions. */
  get assignments(): number {
    return this.#worker.stderr.match(/"assigned"/g)?.length ?? 0
  }

  async send(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 500) {
      const records = Array.from({ length: Math.min(left, 500) }, () => this.#record(this.#sent++))
      await produce(this.#environment, records)
    }
  }

  async committed(): Promise<number> {
    const committed = await committedOf(this.#environment, this.#name, `${this.#name}-in`)
    return committed.reduce((a, b) => a + b)
  }

  /** Resolves when all that was sent is committed. */
  worked(): Promise<void> {
    return until('all is committed', async () => (await this.committed()) === this.#sent)
  }

  members(): Promise<string[]> {
    return membersOf(this.#name)
  }

  async deadLetters(): Promise<number> {
    return (await endsOf(this.#environment, `${this.#name}.dlq`)).reduce((a, b) => a + b)
  }

  rows(): Promise<Row[]> {
    return this.#keyspace.select<Row>(
      `SELECT n, copied, WRITETIME(copied) AS clock FROM ${this.#keyspace.name}.numbers`,
    )
  }

  /** How many rows are missing, and how many are not what their one record makes of them, clock included. */
  async judged(): Promise<{ readonly lost: number; readonly wrong: number }> {
    const rows = new Map((await this.rows()).map((row) => [row.n, row]))
    let [lost, wrong] = [0, rows.size - this.#sent]
    for (let n = 0; n < this.#sent; n++) {
      const row = rows.get(n)
      if (row === undefined) [lost, wrong] = [lost + 1, wrong + 1]
      else if (row.copied !== n || Number(row.clock) !== (NOON + n) * 1000) wrong++
    }
    return { lost, wrong }
  }

  #record(n: number): OutRecord {
    return {
      topic: `${this.#name}-in`,
      key: Buffer.from(String(n)),
      value: Buffer.from(JSON.stringify({ n, padding: '' })),
      timestamp: NOON + n,
      headers: NO_HEADERS,
    }
  }
}
