import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '../../lib/broker/broker.ts'
import type { Contestant } from './contestant.ts'
import { FIRST_SEEN } from './first-seen.ts'
import { measured, withFolder } from './measured.ts'
import { APPEND_TIME, type Written } from './written.ts'

export interface Race {
  readonly broker: Broker
  readonly brokers: readonly string[]
  /** The broker's process; undefined where it is not the bench's own. */
  readonly brokerPid: number | undefined
  readonly contestants: readonly Contestant[]
  readonly rounds: number
  readonly input: string
  readonly records: number
  /** Of input and output. */
  readonly partitions: number
  /** Of what is to be written. */
  readonly checksum: string
  /** What a contestant has written. */
  readonly written: (broker: Broker, topic: string) => Promise<Written>
}

/** One run of one contestant: figures by name, their units in the names. */
export interface Lap {
  readonly contestant: string
  readonly round: number
  /** Whether what was written is what was to come of the input. */
  readonly right: boolean
  readonly [figure: string]: string | number | boolean
}

/**
 * All contestants in turn, each round in the other direction: what changes with time falls on all of them. The first of
 * them runs once before that, which does not count: nobody is to be measured on a server that is still being compiled.
 */
export async function* inTurns<C extends Contestant>(
  contestants: readonly C[],
  rounds: number,
  lap: (contestant: C, round: number) => Promise<Lap>,
): AsyncGenerator<Lap> {
  for (const contestant of contestants) await contestant.ready?.()
  if (contestants[0] !== undefined) await lap(contestants[0], 0)
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? contestants : contestants.toReversed()
    for (const contestant of order) yield await lap(contestant, round)
  }
}

/** How fast each is with an input that is all there. */
export function laps(race: Race): AsyncGenerator<Lap> {
  return inTurns(race.contestants, race.rounds, (contestant, round) => lap(race, contestant, round))
}

/**
 * `records/s`: input records, from the first that its code saw to the last that was appended to the output, by the
 * broker's clock. `to first s`: from the start of the process to the first record that its code saw.
 */
async function lap(race: Race, contestant: Contestant, round: number): Promise<Lap> {
  const { broker, brokers, brokerPid, input, records, partitions } = race
  const application = nextApplication()
  const output = `${application}-out`
  await broker.admin.createTopic({ topic: output, partitions, config: APPEND_TIME })
  return withFolder(async (folder) => {
    const run = { brokers, input, output, records, application, partitions, folder }
    await contestant.before?.(run)
    const { argv, env } = contestant.command(run)
    const firstSeen = join(folder, 'first-seen')
    const command = { argv, env: { ...env, [FIRST_SEEN]: firstSeen } }
    const { begun, ...took } = await measured(command, brokerPid)
    const first = Number(readFileSync(firstSeen, 'utf8'))
    const { checksum, last } = await race.written(broker, output)
    await broker.upkeep.deleteTopic(output)
    return {
      contestant: contestant.name,
      round,
      records,
      'records/s': Math.round((records * 1000) / (last - first)),
      'to first s': (first - begun) / 1000,
      ...took,
      checksum,
      right: checksum === race.checksum,
    }
  })
}

let applications = 0

/** A name of its own for every lap. */
export function nextApplication(): string {
  return `bench-${process.pid}-${++applications}`
}
