import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { kafkaBroker } from '../connectors/kafka/broker.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { opened, withLog } from './embedded.ts'
import { checksumOf, keyOf, lastCounts, writeKeys } from './growth/keys.ts'
import { withKafka } from './kafka.ts'
import { kafkaStreams } from './peers/kafka-streams.ts'
import { millrace } from './peers/millrace.ts'
import { type Contestant, PARTITIONS } from './race/contestant.ts'
import { measured } from './race/measured.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { APPEND_TIME } from './race/written.ts'
import type { RaceWorkload } from './workload.ts'

const MOST_KEYS = 1_000_000
/** Records that wait for the state, of as many keys. */
const WAITING = 1_000

const OWN = { topology: 'bench/growth/keys-topology.ts', guarantee: 'at-least-once' } as const
const ON_KAFKA: readonly Contestant[] = [
  millrace({ ...OWN, threads: 2 }),
  kafkaStreams({ workload: 'w6', guarantee: 'at-least-once', threads: 2 }),
]
const ON_LOG: readonly Contestant[] = [millrace({ ...OWN, threads: 1, embedded: ['kafka'] })]

/** A count for each of a million keys, whose folder is lost: up to when the first new records are counted on. */
export const w6: RaceWorkload = ({ rounds, records, isWanted }) =>
  withKafka(async function* (brokers, brokerPid) {
    const broker = kafkaBroker({ brokers })
    try {
      const contestants = ON_KAFKA.filter(({ name }) => isWanted(name))
      yield* withLog((parent) => {
        const at: Place['at'] = (work) => work(broker)
        const folderOf = (application: string) => join(parent, application)
        const folders = { folderOf, stateOf: folderOf }
        return race(
          { brokers, brokerPid, ...folders, at, config: APPEND_TIME, keys: keysOf(records) },
          contestants,
          rounds,
        )
      })
    } finally {
      await broker.close()
    }
  })

/** The same on the embedded log, which knows no time of appending: up to the end of the process. */
export const w6Embedded: RaceWorkload = ({ rounds, records, isWanted }) =>
  withLog((folder, log) => {
    const at: Place['at'] = (work) => opened(log, work)
    const stateOf = (application: string) => join(folder, 'state', application)
    const folders = { folderOf: () => folder, stateOf }
    return race(
      { brokers: [], brokerPid: undefined, ...folders, at, config: undefined, keys: keysOf(records) },
      ON_LOG.filter(({ name }) => isWanted(name)),
      rounds,
    )
  })

interface Place {
  readonly brokers: readonly string[]
  readonly brokerPid: number | undefined
  readonly at: <T>(work: (broker: Broker) => Promise<T>) => Promise<T>
  /** Of the output; without one the end of the process is taken for the time of its last record. */
  readonly config: typeof APPEND_TIME | undefined
  /** What a contestant is given. */
  readonly folderOf: (application: string) => string
  /** In it: what is lost. */
  readonly stateOf: (application: string) => string
  readonly keys: number
}

/** A contestant whose state is there. */
interface Filled {
  readonly application: string
  readonly input: string
  readonly output: string
  /** Which are to be there, by key. */
  readonly counts: Float64Array
}

function keysOf(records: number): number {
  return Math.min(records, MOST_KEYS)
}

async function* race(place: Place, contestants: readonly Contestant[], rounds: number): AsyncIterable<Lap> {
  const all = new Map<Contestant, Filled>()
  yield* inTurns(contestants, rounds, async (contestant, round) => {
    const filled = all.get(contestant) ?? (await fill(place, contestant))
    all.set(contestant, filled)
    return { contestant: contestant.name, round, ...(await restored(place, contestant, filled)) }
  })
}

async function fill(place: Place, contestant: Contestant): Promise<Filled> {
  const { at, config, keys } = place
  const application = nextApplication()
  const filled = {
    ...{ application, input: `${application}-in`, output: `${application}-out` },
    counts: new Float64Array(keys).fill(1),
  }
  await at(async (broker) => {
    await broker.admin.createTopic({ topic: filled.input, partitions: PARTITIONS })
    await broker.admin.createTopic({
      topic: filled.output,
      partitions: PARTITIONS,
      ...(config && { config }),
    })
    await writeKeys(broker, filled.input, keys, keys)
  })
  const run = runOf(place, filled, keys)
  await contestant.before?.(run)
  await measured(contestant.command(run), undefined)
  return filled
}

async function restored(
  place: Place,
  contestant: Contestant,
  filled: Filled,
): Promise<Omit<Lap, 'contestant' | 'round'> & Pick<Lap, 'right'>> {
  const { brokerPid, at, config, stateOf, keys } = place
  const { application, input, output, counts } = filled
  await rm(stateOf(application), { recursive: true })
  const waiting = Math.min(WAITING, keys)
  await at((broker) => writeKeys(broker, input, keys, waiting))
  for (let record = 0; record < waiting; record++) counts[keyOf(record, keys)]!++
  const { begun, ...took } = await measured(contestant.command(runOf(place, filled, waiting)), brokerPid)
  const { checksum, last } = await at((broker) => lastCounts(broker, output, keys))
  const ready = config === undefined ? begun + took['wall s'] * 1000 : last
  return {
    'records/s': Math.round((keys * 1000) / (ready - begun)),
    'restored s': (ready - begun) / 1000,
    ...took,
    checksum,
    right: checksum === checksumOf(counts),
  }
}

function runOf({ brokers, folderOf }: Place, { application, input, output }: Filled, records: number) {
  return {
    brokers,
    folder: folderOf(application),
    application,
    input,
    output,
    records,
    partitions: PARTITIONS,
  }
}
