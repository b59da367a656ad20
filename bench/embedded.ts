import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../connectors/embedded/index.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { type MillraceOptions, millrace } from './peers/millrace.ts'
import { type Contestant, PARTITIONS } from './race/contestant.ts'
import { inTurns, nextApplication } from './race/race.ts'
import { toTheEnd } from './race/to-the-end.ts'
import { everyRow, type Written } from './race/written.ts'
import { type UserFormats, type Users, writeUsers } from './users.ts'
import { AVRO, registered } from './w1a/contracts.ts'
import { checksumOf, lastUpdates } from './w2/counted.ts'
import type { RaceWorkload } from './workload.ts'

interface EmbeddedRace extends Pick<MillraceOptions, 'topology' | 'embedded' | 'prepare'> {
  readonly formats?: UserFormats
  /** Records; default: as many as are asked for. */
  readonly most?: number
  readonly expected: (users: Users) => string
  readonly written: (broker: Broker, topic: string) => Promise<Written>
}

const INPUT = 'users'
const SEED = 42

export const w1Embedded = embeddedRace({
  topology: 'bench/w1/topology.ts',
  expected: ({ clean }) => clean,
  written: everyRow,
})
export const w1aEmbedded = embeddedRace({
  topology: 'bench/w1a/topology.ts',
  embedded: ['kafka', 'registry'],
  prepare: registered,
  formats: AVRO,
  expected: ({ clean }) => clean,
  written: everyRow,
})
export const w2Embedded = embeddedRace({
  topology: 'bench/w2/topology.ts',
  expected: ({ counts }) => checksumOf(counts),
  written: lastUpdates,
})
export const w3Embedded = embeddedRace({
  topology: 'bench/w3/topology.ts',
  most: 100_000,
  expected: ({ scores }) => scores,
  written: everyRow,
})

/** The same work on the embedded log, in one thread of one process: there is nobody to be beside. */
function embeddedRace(race: EmbeddedRace): RaceWorkload {
  const { topology, embedded = ['kafka'], prepare, formats, expected, written } = race
  return ({ rounds, records: asked, isWanted }) => {
    const records = Math.min(asked, race.most ?? asked)
    const own = { topology, threads: 1, embedded, ...(prepare !== undefined && { prepare }) }
    const contestants: readonly Contestant[] = [
      millrace({ ...own, guarantee: 'at-least-once' }),
      millrace({ ...own, guarantee: 'exactly-once' }),
    ]
    return withLog(async function* (folder, log) {
      const said = { number: records, seed: SEED, ...(formats !== undefined && { formats }) }
      const users = await opened(log, (broker) => writeUsers(broker, INPUT, said))
      const wanted = contestants.filter(({ name }) => isWanted(name))
      yield* inTurns(wanted, rounds, (contestant, round) => {
        const application = nextApplication()
        const output = `${application}-out`
        const run = { brokers: [], input: INPUT, output, records, application, partitions: PARTITIONS }
        return toTheEnd({
          ...{ contestant, round, run: { ...run, folder }, server: undefined },
          checksum: expected(users),
          written: () => opened(log, async (broker) => (await written(broker, output)).checksum),
        })
      })
    })
  }
}

/** @param work given the folder of a contestant, and in it the log that `--embedded` has there. */
export async function* withLog<T>(work: (folder: string, log: string) => AsyncIterable<T>): AsyncIterable<T> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    yield* work(folder, join(folder, 'embedded', 'log'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function opened<T>(dir: string, work: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = await openEmbeddedBroker({ dir })
  try {
    return await work(broker)
  } finally {
    await broker.close()
  }
}
