import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { withKafka } from '../kafka.ts'
import { type UserFormats, type Users, writeUsers } from '../users.ts'
import type { RaceWorkload } from '../workload.ts'
import { type Contestant, PARTITIONS } from './contestant.ts'
import { laps, nextApplication, type Race } from './race.ts'

export interface UsersRace {
  readonly contestants: readonly Contestant[]
  /** What is to come of them, as `written` says it. */
  readonly expected: (users: Users) => string
  readonly written: Race['written']
  readonly partitions?: number | undefined
  readonly formats?: UserFormats
  readonly window?: number
}

const SEED = 42

/** Contestants that take the same users from a topic. */
export function usersRace({
  contestants,
  expected,
  written,
  partitions = PARTITIONS,
  formats,
  window,
}: UsersRace): RaceWorkload {
  return ({ rounds, records, isWanted }) =>
    withKafka(async function* (brokers, brokerPid) {
      const broker = kafkaBroker({ brokers })
      try {
        const input = `${nextApplication()}-users`
        const users = await writeUsers(broker, input, {
          ...{ number: records, seed: SEED, partitions, window },
          ...(formats !== undefined && { formats }),
        })
        yield* laps({
          ...{ broker, brokers, brokerPid, rounds, input, records, partitions, written },
          contestants: contestants.filter(({ name }) => isWanted(name)),
          checksum: expected(users),
        })
      } finally {
        await broker.close()
      }
    })
}
