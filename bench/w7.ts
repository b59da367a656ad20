import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { opened } from './embedded.ts'
import { withKafka } from './kafka.ts'
import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import { spark } from './peers/spark.ts'
import { type Contestant, PARTITIONS, type Run } from './race/contestant.ts'
import { measured, withFolder } from './race/measured.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { percentiles } from './w7/latency.ts'
import type { RaceOptions } from './workload.ts'

const topology = 'bench/w1/topology.ts'
const workload = 'w1'
const DRIVER = fileURLToPath(new URL('w7/driver.ts', import.meta.url))
/** Compilers and caches need some time, Java's and V8's. */
const WARM_UP_S = 20
const SECONDS = 30
const RATE = 1000
const ENDLESS = { records: Number.MAX_SAFE_INTEGER, partitions: PARTITIONS }
const LONGEST_OUTPUT = 64 * 1024 * 1024

/** What `linger 0` is to Kafka Streams: a micro-batch is begun with the first record. */
const AT_ONCE = { note: 'batch wait 0', flags: ['--batch-wait', '0ms'] }

const CONTESTANTS: readonly Contestant[] = [
  millrace({ topology, guarantee: 'at-least-once', threads: 1, live: true }),
  kafkaStreams({ workload, guarantee: 'at-least-once', threads: 1 }),
  kafkaStreams({
    workload,
    guarantee: 'at-least-once',
    threads: 1,
    note: 'linger 0',
    config: { 'producer.linger.ms': '0' },
  }),
  millrace({ topology, guarantee: 'at-least-once', threads: 1, live: true, ...AT_ONCE }),
  millrace({ topology, guarantee: 'exactly-once', threads: 1, live: true }),
  kafkaStreams({ workload, guarantee: 'exactly-once', threads: 1 }),
  kafkaStreams({
    ...{ workload, guarantee: 'exactly-once', threads: 1, note: 'linger 0, commit 20 ms' },
    config: { 'producer.linger.ms': '0', 'commit.interval.ms': '20' },
  }),
  spark({ workload, live: true }),
]

/** W1's work on 1,000 users a second: how long each takes from being sent to being read, in committed reads. */
export async function* w7({ rounds, isWanted }: RaceOptions): AsyncIterable<Lap> {
  yield* withKafka(async function* (brokers, brokerPid) {
    const broker = kafkaBroker({ brokers })
    try {
      const contestants = CONTESTANTS.filter(({ name }) => isWanted(name))
      yield* inTurns(contestants, rounds, (contestant, round) =>
        lap(broker, { brokers, brokerPid, contestant, round }),
      )
    } finally {
      await broker.close()
    }
  })
}

interface LapOptions {
  readonly brokers: readonly string[]
  readonly brokerPid: number | undefined
  readonly contestant: Contestant
  readonly round: number
}

async function lap(broker: Broker, { brokers, brokerPid, contestant, round }: LapOptions): Promise<Lap> {
  const application = nextApplication()
  const [input, output] = [`${application}-in`, `${application}-out`]
  for (const topic of [input, output]) await broker.admin.createTopic({ topic, partitions: PARTITIONS })
  return withFolder(async (folder) => {
    const run = { brokers, input, output, application, folder, ...ENDLESS }
    const env = { BROKERS: brokers.join(','), INPUT: input, OUTPUT: output }
    const driven = await drivenLap(contestant, round, run, brokerPid, env)
    for (const topic of [input, output]) await broker.upkeep.deleteTopic(topic)
    return driven
  })
}

/** The same on the embedded log, which the worker or the driver owns. */
export async function* w7Embedded({ rounds, isWanted }: RaceOptions): AsyncIterable<Lap> {
  const own = { topology, threads: 1, live: true, embedded: ['kafka'] } as const
  const contestants = (['at-least-once', 'exactly-once'] as const).map((guarantee) => {
    return millrace({ ...own, guarantee })
  })
  yield* inTurns(
    contestants.filter(({ name }) => isWanted(name)),
    rounds,
    (contestant, round) =>
      withFolder(async (folder) => {
        const log = join(folder, 'embedded', 'log')
        const application = nextApplication()
        const [input, output] = [`${application}-in`, `${application}-out`]
        await opened(log, async ({ admin }) => {
          for (const topic of [input, output]) await admin.createTopic({ topic, partitions: PARTITIONS })
        })
        const run = { brokers: [], input, output, application, folder, ...ENDLESS }
        return drivenLap(contestant, round, run, undefined, { EMBEDDED: log, INPUT: input, OUTPUT: output })
      }),
  )
}

async function drivenLap(
  contestant: Contestant,
  round: number,
  run: Run,
  brokerPid: number | undefined,
  env: Readonly<Record<string, string>>,
): Promise<Lap> {
  await contestant.before?.(run)
  let [missing, latencies]: [number, readonly number[]] = [0, []]
  const { begun, ...took } = await measured(contestant.command(run), brokerPid, async () => {
    ;({ missing, latencies } = await driven(env))
  })
  return {
    ...{ contestant: contestant.name, round, rate: RATE, missing, right: missing === 0 },
    ...percentiles(latencies),
    ...took,
  }
}

async function driven(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly missing: number; readonly latencies: readonly number[] }> {
  const said = { RATE: String(RATE), WARM_UP_S: String(WARM_UP_S), SECONDS: String(SECONDS) }
  const { stdout } = await promisify(execFile)(process.execPath, [DRIVER], {
    env: { ...process.env, ...env, ...said },
    maxBuffer: LONGEST_OUTPUT,
  })
  return JSON.parse(stdout)
}
