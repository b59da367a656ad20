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
import { opened, withLog } from './embedded.ts'
import { withKafka } from './kafka.ts'
import { script } from './peers/script.ts'
import { Checksum } from './race/checksum.ts'
import { type Contestant, PARTITIONS, type Run } from './race/contestant.ts'
import { measured, withFolder } from './race/measured.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { toTheEnd } from './race/to-the-end.ts'
import { APPEND_TIME, readAll } from './race/written.ts'
import { captureOf, createStaging, stage, uuidOf } from './w5/staging.ts'
import type { RaceWorkload } from './workload.ts'

const MOST_ROWS = 200_000
const LOOK_MS = 100
const NOTHING = Buffer.alloc(0)

const CAPTURE = script('millrace capture', 'w5/capture.ts')
const CONTESTANTS: readonly Contestant[] = [CAPTURE, script('bare pg and kafkajs loop', 'w5/poll-loop.ts')]

/** Rows of 1.1 KB that were committed while nobody looked, 1,000 in a transaction: from the write-ahead log to Kafka. */
export const w5: RaceWorkload = ({ rounds, records, isWanted }) =>
  withKafka(async function* (brokers, brokerPid) {
    const broker = kafkaBroker({ brokers })
    try {
      yield* withPostgres(async function* (url) {
        const place = { broker, brokers, brokerPid, url, rows: Math.min(records, MOST_ROWS) }
        const contestants = CONTESTANTS.filter(({ name }) => isWanted(name))
        yield* inTurns(contestants, rounds, (contestant, round) => lap({ ...place, contestant, round }))
      })
    } finally {
      await broker.close()
    }
  })

/** The same into the embedded log, which the capture owns. */
export const w5Embedded: RaceWorkload = ({ rounds, records, isWanted }) =>
  withLog(async function* (folder, log) {
    yield* withPostgres(async function* (url) {
      const place = { folder, log, url, rows: Math.min(records, MOST_ROWS) }
      const contestants = [CAPTURE].filter(({ name }) => isWanted(name))
      yield* inTurns(contestants, rounds, (_, round) => lapOnLog({ ...place, round }))
    })
  })

async function* withPostgres<T>(work: (url: string) => AsyncIterable<T>): AsyncIterable<T> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const [port, internalPort] = await freePorts(2)
  const server = await startPostgres({ dir, port, internalPort })
  try {
    yield* work(`postgresql://postgres@${server.address}`)
  } finally {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
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
  await createTopics(broker, output, APPEND_TIME)
  return withFolder(async (folder) => {
    const run = {
      ...{ brokers, input: '', output, records: rows, application, partitions: PARTITIONS, folder },
      env: { DATABASE_URL: await createDatabase(url, application) },
    }
    if (contestant === CAPTURE) await begin(run)
    await asClient(run.env.DATABASE_URL, (client) => stage(client, rows))
    const arrived = async () => {
      while ((await arrivedIn(broker, output)) < rows) await delay(LOOK_MS)
    }
    const { begun, ...took } = await measured(contestant.command(run), brokerPid, arrived)
    const { checksum, first, last } = await uuidsIn(broker, output)
    for (const topic of [output, `${output}-dlq`]) await broker.upkeep.deleteTopic(topic)
    return {
      ...{ contestant: contestant.name, round, records: rows },
      'records/s': Math.round((rows * 1000) / (last - first)),
      'to first s': (first - begun) / 1000,
      ...took,
      checksum,
      right: checksum === expected(rows),
    }
  })
}

interface LogLapOptions extends Pick<LapOptions, 'url' | 'rows' | 'round'> {
  readonly folder: string
  readonly log: string
}

async function lapOnLog({ folder, log, url, rows, round }: LogLapOptions): Promise<Lap> {
  const application = nextApplication()
  const output = `${application}-out`
  await opened(log, (broker) => createTopics(broker, output))
  const run = {
    ...{ brokers: [], input: '', output, records: rows, application, partitions: PARTITIONS, folder },
    env: { EMBEDDED: log, DATABASE_URL: await createDatabase(url, application) },
  }
  await begin(run)
  await asClient(run.env.DATABASE_URL, (client) => stage(client, rows))
  return toTheEnd({
    ...{ contestant: CAPTURE, round, run, server: undefined, checksum: expected(rows) },
    written: () => opened(log, async (broker) => (await uuidsIn(broker, output)).checksum),
  })
}

async function createTopics(broker: Broker, output: string, config = {}): Promise<void> {
  await broker.admin.createTopic({ topic: output, partitions: PARTITIONS, config })
  await broker.admin.createTopic({ topic: `${output}-dlq`, partitions: 1 })
}

/** Returns its URL. */
async function createDatabase(url: string, application: string): Promise<string> {
  const name = application.replaceAll('-', '_')
  await asClient(`${url}/postgres`, (client) => client.query(`CREATE DATABASE ${name}`))
  await asClient(`${url}/${name}`, createStaging)
  return `${url}/${name}`
}

function expected(rows: number): string {
  const checksum = new Checksum()
  for (let row = 0; row < rows; row++) checksum.add(Buffer.from(uuidOf(row)), NOTHING)
  return checksum.text
}

/** And when the first and the last of them were appended. */
async function uuidsIn(
  broker: Broker,
  topic: string,
): Promise<{ readonly checksum: string; readonly first: number; readonly last: number }> {
  const checksum = new Checksum()
  let first = Number.POSITIVE_INFINITY
  const last = await readAll(broker, topic, ({ key, timestamp }) => {
    checksum.add(key!, NOTHING)
    first = Math.min(first, timestamp)
  })
  return { checksum: checksum.text, first, last }
}

/** Its slot, and a first run that finds nothing: what is staged then, it reads from the log. */
async function begin(run: Run & { readonly env: { readonly DATABASE_URL: string } }): Promise<void> {
  const databaseUrl = run.env.DATABASE_URL
  const database = openDatabase(databaseUrl)
  try {
    for (const resource of captureResources(database, captureOf(run.application))) {
      if ((await resource.inspect()) === 'missing') await resource.create()
    }
  } finally {
    await database.close()
  }
  await measured(CAPTURE.command(run), undefined, () =>
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
