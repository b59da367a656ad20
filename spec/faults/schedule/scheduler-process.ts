/** A scheduler on a fast clock, with little patience for the API, that notes what it does in a journal. */
import { randomUserClient } from '../../../connectors/http/random-user-client.ts'
import { openDatabase } from '../../../connectors/postgres/connection.ts'
import { openStaging, type Staging } from '../../../connectors/postgres/staging/staging.ts'
import { cronSchedule } from '../../../connectors/schedule/cron.ts'
import { ingestBySchedule } from '../../../lib/cli/ingest/by-schedule.ts'
import type { Ingester } from '../../../lib/cli/ingest/ingester.ts'
import type { Logger } from '../../../lib/log.ts'
import { onShutdown } from '../../../lib/runtime/shutdown.ts'
import { runIngest } from '../../../topologies/user-ingest.ts'
import { fastClock } from './fast-clock.ts'
import { Journal } from './journal.ts'

export interface SchedulerSetup {
  readonly databaseUrl: string
  readonly apiUrl: string
  readonly journal: string
  /** The file of the virtual time. */
  readonly time: string
  readonly catchUp: number
}

export const SEED = 'millrace'
export const PAGE_SIZE = 5

if (import.meta.main) await main(JSON.parse(process.argv[2]!))

async function main({ databaseUrl, apiUrl, journal: file, time, catchUp }: SchedulerSetup): Promise<void> {
  const stop = new AbortController()
  onShutdown(() => stop.abort())
  const journal = new Journal(file)
  const database = openDatabase(databaseUrl, { connections: 6 })
  const source = randomUserClient({
    url: apiUrl,
    attempts: 2,
    backoff: { baseMs: 10, maxMs: 20, maxRetryAfterMs: 0 },
  })
  const staging = noted(openStaging(database), journal)
  const ingest: Ingester = (which, signal) =>
    runIngest({
      ...which,
      logicalTime: which.dueAt,
      seed: SEED,
      pageSize: PAGE_SIZE,
      pages: 1,
      source,
      staging,
      signal,
    })
  const said = {
    schedule: cronSchedule('*/5 * * * *'),
    clock: fastClock(time),
    catchUp,
    maxActiveRuns: 2,
    retries: 2,
  }
  await ingestBySchedule(database, ingest, said, leadershipLog(journal), stop.signal)
  await database.close()
}

/** A run counts as worked on from when its claim is known to when its release begins. */
function noted(staging: Staging, journal: Journal): Staging {
  return {
    claim: async (request) => {
      const claimed = await staging.claim(request)
      const name = claimed.run.runId
      journal.note('claimed', name)
      return Object.create(claimed, {
        release: {
          value: () => {
            journal.note('released', name)
            claimed.release()
          },
        },
      })
    },
  }
}

function leadershipLog(journal: Journal): Logger {
  const say = (level: string) => (fields: object, message: string) => {
    if (message.endsWith('no longer leading')) journal.note('resigned')
    else if (message.endsWith('leading')) journal.note('leading')
    process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`)
  }
  return { debug: () => {}, info: say('info'), warn: say('warn'), error: say('error') }
}
