import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import { captureResources } from '../connectors/postgres/capture/resources.ts'
import { openDatabase } from '../connectors/postgres/connection.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { freePorts } from '../services/ports.ts'
import { startPostgres } from '../services/postgres.ts'
import { withKafka } from './kafka.ts'
import { script } from './peers/script.ts'
import { Checksum } from './race/checksum.ts'
import { type Contestant, PARTITIONS } from './race/contestant.ts'
import { measured, withFolder } from './race/measured.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { APPEND_TIME, readAll } from './race/written.ts'
import { captureOf, createStaging, stage } from './w5/staging.ts'
import type { RaceOptions } from './workload.ts'

const MOST_ROWS = 200_000
const LOOK_MS = 100
const NOTHING = Buffer.alloc(0)

const CAPTURE = script('millrace capture', 'w5/capture.ts')
const CONTESTANTS: readonly Contestant[] = [CAPTURE, script('bare pg and kafkajs loop', 'w5/poll-loop.ts')]

/** Rows of 1.1 KB that were committed while nobody looked, 1,000 in a transaction: from the write-ahead log to Kafka. */
export async function* w5({ rounds, records, isWanted }: RaceOptions): AsyncIterable<Lap> {
  yield* withKafka(async function* (brokers, brokerPid) {
    const broker = kafkaBroker({ brokers })
    const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    const [port, internalPort] = await freePorts(2)
    const server = await startPostgres({ dir, port, internalPort })
    try {
      const url = `postgresql://postgres@${server.address}`
      const place = { broker, brokers, brokerPid, url, rows: Math.min(records, MOST_ROWS) }
      const contestants = CONTESTANTS.filter(({ name }) => isWanted(name))
      yield* inTurns(contestants, rounds, (contestant, round) => lap({ ...place, contestant, round }))
    } finally {
      await broker.close()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    }
  })
}

interface LapOptions {
  readonly broker: Broker
  readonly brokers: readonly string[]
  readonly brokerPid: number | undefined
  /** Of the server, without a database. */
  readonly url: string
  readonly rows: number
  readonly contestant: Contestant
  readonly round: number
}

/** `records/s`: from the first row that the broker appended to the last. */
async function lap({ broker, brokers, brokerPid, url, rows, contestant, round }: LapOptions): Promise<Lap> {
  const application = nextApplication()
  const output = `${application}-out`
  const name = application.replaceAll('-', '_')
  await broker.admin.createTopic({ topic: output, partitions: PARTITIONS, config: APPEND_TIME })
  await broker.admin.createTopic({ topic: `${output}-dlq`, partitions: 1 })
  await asClient(`${url}/postgres`, (client) => client.query(`CREATE DATABASE ${name}`))
  return withFolder(async (folder) => {
    const run = {
      ...{ brokers, input: '', output, records: rows, application, partitions: PARTITIONS, folder },
      env: { DATABASE_URL: `${url}/${name}` },
    }
    const uuids = await asClient(run.env.DATABASE_URL, async (client) => {
      await createStaging(client)
      if (contestant === CAPTURE) await begin(run.env.DATABASE_URL, application, contestant, run)
      return stage(client, rows)
    })
    const arrived = async (number: number) => {
      while ((await arrivedIn(broker, output)) < number) await delay(LOOK_MS)
    }
    const { begun, ...took } = await measured(contestant.command(run), brokerPid, () => arrived(rows))
    const expected = new Checksum()
    for (const uuid of uuids) expected.add(Buffer.from(uuid), NOTHING)
    const found = new Checksum()
    let first = Number.POSITIVE_INFINITY
    const last = await readAll(broker, output, ({ key, timestamp }) => {
      found.add(key!, NOTHING)
      first = Math.min(first, timestamp)
    })
    for (const topic of [output, `${output}-dlq`]) await broker.upkeep.deleteTopic(topic)
    return {
      ...{ contestant: contestant.name, round, records: rows },
      'records/s': Math.round((rows * 1000) / (last - first)),
      'to first s': (first - begun) / 1000,
      ...took,
      checksum: found.text,
      right: found.text === expected.text,
    }
  })
}

/** Its slot, and a first run that finds nothing: what is staged then, it reads from the log. */
async function begin(
  databaseUrl: string,
  application: string,
  contestant: Contestant,
  run: Parameters<Contestant['command']>[0],
): Promise<void> {
  const database = openDatabase(databaseUrl)
  try {
    for (const resource of captureResources(database, captureOf(application))) {
      if ((await resource.inspect()) === 'missing') await resource.create()
    }
  } finally {
    await database.close()
  }
  await measured(contestant.command(run), undefined, () =>
    asClient(databaseUrl, async (client) => {
      const streaming = "SELECT FROM pg_stat_replication WHERE state = 'streaming'"
      while ((await client.query(streaming)).rowCount === 0) await delay(LOOK_MS)
    }),
  )
}

async function arrivedIn(broker: Broker, topic: string): Promise<number> {
  return (await broker.admin.offsets(topic)).reduce((sum, { earliest, end }) => sum + end - earliest, 0)
}

async function asClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
