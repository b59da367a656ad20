import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../connectors/embedded/index.ts'
import type { Broker } from '../lib/broker/broker.ts'
import { millrace } from './peers/millrace.ts'
import { type Contestant, PARTITIONS } from './race/contestant.ts'
import { inTurns, type Lap, nextApplication } from './race/race.ts'
import { toTheEnd } from './race/to-the-end.ts'
import { everyRow, type Written } from './race/written.ts'
import { type Users, writeUsers } from './users.ts'
import { checksumOf, lastUpdates } from './w2/counted.ts'
import type { RaceOptions, RaceWorkload } from './workload.ts'

interface EmbeddedRace {
  readonly topology: string
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
export const w2Embedded = embeddedRace({
  topology: 'bench/w2/topology.ts',
  expected: ({ counts }) => checksumOf(counts),
  written: lastUpdates,
})

/** The same work on the embedded log, in one thread of one process: there is nobody to be beside. */
function embeddedRace({ topology, expected, written }: EmbeddedRace): RaceWorkload {
  return async function* ({ rounds, records, isWanted }: RaceOptions): AsyncIterable<Lap> {
    const own = { topology, threads: 1, embedded: 'kafka' } as const
    const contestants: readonly Contestant[] = [
      millrace({ ...own, guarantee: 'at-least-once' }),
      millrace({ ...own, guarantee: 'exactly-once' }),
    ]
    const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
    try {
      const log = join(dir, 'embedded', 'log')
      const users = await opened(log, (broker) => writeUsers(broker, INPUT, { number: records, seed: SEED }))
      const wanted = contestants.filter(({ name }) => isWanted(name))
      yield* inTurns(wanted, rounds, (contestant, round) => {
        const application = nextApplication()
        const output = `${application}-out`
        const run = { brokers: [], input: INPUT, output, records, application, partitions: PARTITIONS }
        return toTheEnd({
          ...{ contestant, round, run: { ...run, folder: dir }, server: undefined },
          checksum: expected(users),
          written: () => opened(log, async (broker) => (await written(broker, output)).checksum),
        })
      })
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

async function opened<T>(dir: string, work: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = await openEmbeddedBroker({ dir })
  try {
    return await work(broker)
  } finally {
    await broker.close()
  }
}
