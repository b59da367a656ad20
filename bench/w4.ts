import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'cassandra-driver'
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { cassandraDatacenter, startCassandra } from '../services/cassandra.ts'
import { freePorts } from '../services/ports.ts'
import { opened, withLog } from './embedded.ts'
import { withKafka } from './kafka.ts'
import { millrace } from './peers/millrace.ts'
import { script } from './peers/script.ts'
import { Checksum } from './race/checksum.ts'
import { type Contestant, PARTITIONS, type Run } from './race/contestant.ts'
import { withFolder } from './race/measured.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { toTheEnd } from './race/to-the-end.ts'
import { type Users, writeUsers } from './users.ts'
import { COLUMNS, cleanText, TABLE } from './w4/columns.ts'
import type { RaceOptions, RaceWorkload } from './workload.ts'

const INPUT = 'w4-users'
const MOST_RECORDS = 200_000
const SEED = 42
const PAGE = 2_000

const OWN = { topology: 'bench/w4/topology.ts', guarantee: 'at-least-once', threads: 1 } as const
const ON_KAFKA: readonly Contestant[] = [
  millrace(OWN),
  script('bare kafkajs and cassandra-driver loop', 'w4/driver-loop.ts'),
]
const ON_LOG: readonly Contestant[] = [millrace({ ...OWN, embedded: ['kafka'] })]

/** W1 into a table of Cassandra: rows by uuid, each written once. Both are on this machine, with one node. */
export const w4: RaceWorkload = (options) =>
  withKafka(async function* (brokers) {
    const broker = kafkaBroker({ brokers })
    try {
      yield* race(options, ON_KAFKA, await usersOf(broker, options), { brokers })
    } finally {
      await broker.close()
    }
  })

/** The same from the embedded log. */
export const w4Embedded: RaceWorkload = (options) =>
  withLog(async function* (folder, log) {
    const users = await opened(log, (broker) => usersOf(broker, options))
    yield* race(options, ON_LOG, users, { brokers: [], folder })
  })

function usersOf(broker: Broker, { records }: RaceOptions): Promise<Users> {
  return writeUsers(broker, INPUT, { number: Math.min(records, MOST_RECORDS), seed: SEED })
}

/** Where the input is: a folder that holds the log, else one is made for every lap. */
interface Place extends Pick<Run, 'brokers'>, Partial<Pick<Run, 'folder'>> {}

async function* race(
  { rounds, records: asked, isWanted }: RaceOptions,
  contestants: readonly Contestant[],
  users: Users,
  input: Place,
): AsyncIterable<Lap> {
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
    const wanted = contestants.filter(({ name }) => isWanted(name))
    const place = { input, users, records, cassandra, address: server.address, pid: server.pid }
    yield* inTurns(wanted, rounds, (contestant, round) => lap({ ...place, contestant, round }))
  } finally {
    await cassandra.shutdown()
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

interface LapOptions {
  readonly input: Place
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
  const { input, users, records, cassandra, address, pid, contestant, round } = options
  const application = nextApplication()
  const keyspace = application.replaceAll('-', '_')
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`)
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
  await cassandra.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`)
  return withFolder(async (folder) => {
    const run = {
      ...{ folder, records, input: users.topic, output: '', partitions: PARTITIONS, application, ...input },
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
