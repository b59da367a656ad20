import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import { cassandraDatacenter, startCassandra } from '../services/cassandra.ts'
import { freePorts } from '../services/ports.ts'
import { withKafka } from './kafka.ts'
import { millrace } from './peers/millrace.ts'
import { script } from './peers/script.ts'
import { Checksum } from './race/checksum.ts'
import { type Contestant, PARTITIONS } from './race/contestant.ts'
import { withFolder } from './race/measured.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { toTheEnd } from './race/to-the-end.ts'
import { type Users, writeUsers } from './users.ts'
import { COLUMNS, cleanText, TABLE } from './w4/columns.ts'
import type { RaceOptions } from './workload.ts'

const MOST_RECORDS = 200_000
const SEED = 42
const PAGE = 2_000

const CONTESTANTS: readonly Contestant[] = [
  millrace({ topology: 'bench/w4/topology.ts', guarantee: 'at-least-once', threads: 1 }),
  script('bare kafkajs and cassandra-driver loop', 'w4/driver-loop.ts'),
]

/** W1 into a table of Cassandra: rows by uuid, each written once. Both are on this machine, with one node. */
export async function* w4({ rounds, records: asked, isWanted }: RaceOptions): AsyncIterable<Lap> {
  yield* withKafka(async function* (brokers) {
    const broker = kafkaBroker({ brokers })
    const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    const [port, internalPort] = await freePorts(2)
    const server = await startCassandra({ dir, port, internalPort })
    const cassandra = new Client({
      contactPoints: [server.address],
      localDataCenter: cassandraDatacenter,
      queryOptions: { fetchSize: PAGE },
      socketOptions: { readTimeout: 60_000 },
    })
    try {
      const records = Math.min(asked, MOST_RECORDS)
      const users = await writeUsers(broker, 'w4-users', { number: records, seed: SEED })
      const contestants = CONTESTANTS.filter(({ name }) => isWanted(name))
      const place = { brokers, users, records, cassandra, address: server.address, pid: server.pid }
      yield* inTurns(contestants, rounds, (contestant, round) => lap({ ...place, contestant, round }))
    } finally {
      await cassandra.shutdown()
      await broker.close()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    }
  })
}

interface LapOptions {
  readonly brokers: readonly string[]
  readonly users: Users
  readonly records: number
  readonly cassandra: Client
  readonly address: string
  /** Of Cassandra. */
  readonly pid: number | undefined
  readonly contestant: Contestant
  readonly round: number
}

async function lap(options: LapOptions): Promise<Lap> {
  const { brokers, users, records, cassandra, address, pid, contestant, round } = options
  const application = nextApplication()
  const keyspace = application.replaceAll('-', '_')
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`)
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
  await cassandra.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`)
  return withFolder(async (folder) => {
    const run = {
      ...{ brokers, records, input: users.topic, output: '', partitions: PARTITIONS, application, folder },
      env: { CASSANDRA_CONTACT_POINTS: address, CASSANDRA_KEYSPACE: keyspace },
    }
    const ran = await toTheEnd({
      ...{ contestant, round, run, server: pid, checksum: users.clean },
      prepared: async () => {
        const table = `${keyspace}.${TABLE} (${columns.join(', ')}, PRIMARY KEY (uuid))`
        await cassandra.execute(`CREATE TABLE IF NOT EXISTS ${table}`)
      },
      written: () => checksumOf(cassandra, keyspace),
    })
    await cassandra.execute(`DROP KEYSPACE ${keyspace}`)
    return ran
  })
}

async function checksumOf(cassandra: Client, keyspace: string): Promise<string> {
  const checksum = new Checksum()
  const names = Object.keys(COLUMNS)
  let pageState: string | undefined
  do {
    const query = `SELECT ${names.join(', ')} FROM ${keyspace}.${TABLE}`
    const page = await cassandra.execute(query, [], { prepare: true, ...(pageState && { pageState }) })
    for (const row of page.rows) checksum.add(Buffer.from(row.get(0)), Buffer.from(cleanText(row.values())))
    pageState = page.pageState ?? undefined
  } while (pageState !== undefined)
  return checksum.text
}
