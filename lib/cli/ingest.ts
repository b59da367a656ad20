import { Command, InvalidArgumentError } from 'commander'
import { MOST_RESULTS } from '../../connectors/http/random-user-client.ts'
import { openDatabase } from '../../connectors/postgres/connection.ts'
import type { IngestRun } from '../../connectors/postgres/ingest-run.ts'
import { MillraceError } from '../errors.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import type { Config } from './config.ts'
import { connectStaging, type ServerFlags, withServers } from './connect.ts'
import { showHistory } from './ingest-history.ts'
import { summaryOf } from './ingest-report.ts'
import { type IngestSource, ingester } from './ingest-run.ts'
import {
  backfill,
  ingestBySchedule,
  SCHEDULE_DEFAULTS,
  type ScheduleFlags,
  scheduleOf,
} from './ingest-schedule.ts'
import { logger } from './log.ts'
import { wholeNumber } from './options.ts'
import { print } from './outcome.ts'

/** Page numbers are kept in an int column. */
const MOST_PAGES = 1_000_000

interface IngestFlags extends ServerFlags, ScheduleFlags {
  readonly once?: boolean
  readonly backfill?: [string, string]
  readonly history?: boolean
  readonly limit: number
  readonly results?: number
  readonly seed?: string
  readonly page?: number
  readonly pages: number
  readonly runId?: string
  readonly logicalTime?: Date
  readonly json?: boolean
}

const VARIABLES = [
  'RANDOM_USER_URL',
  'DATABASE_URL',
  'RANDOM_USER_RESULTS',
  'RANDOM_USER_SEED',
  'INGEST_SCHEDULE',
  'INGEST_TIMEZONE',
] as const

/** `millrace ingest`: fetches users from the Random User API and stages them. */
export function ingestCommand(): Command {
  const { catchUp, maxActiveRuns, retries } = SCHEDULE_DEFAULTS
  return withServers(new Command('ingest'))
    .description(
      'fetch users from the Random User API and stage every element in staging.random_users, by schedule or once',
    )
    .option('--once', 'one run, then exit')
    .option(
      '--backfill <from-to...>',
      'run the intervals FROM (inclusive) TO (exclusive) that have not succeeded',
    )
    .option('--history', 'show the latest runs')
    .option('--limit <n>', 'how many runs to show', wholeNumber(1, 1_000_000), 20)
    .option(
      '--catch-up <n>',
      'how many of the latest intervals are made up for',
      wholeNumber(1, 100_000),
      catchUp,
    )
    .option('--max-active-runs <n>', 'runs at a time', wholeNumber(1, 16), maxActiveRuns)
    .option('--retries <n>', 'further attempts at an interval that failed', wholeNumber(0, 100), retries)
    .option(
      '--results <n>',
      `users a page, 1 to ${MOST_RESULTS} (default: RANDOM_USER_RESULTS, else 500)`,
      wholeNumber(1, MOST_RESULTS),
    )
    .option('--seed <seed>', 'seed of the API (default: RANDOM_USER_SEED, else millrace)')
    .option(
      '--page <n>',
      'first page (default: the one after the last fetched with this seed and size)',
      wholeNumber(1, MOST_PAGES),
    )
    .option('--pages <n>', 'number of pages of a run', wholeNumber(1, MOST_PAGES), 1)
    .option(
      '--run-id <id>',
      'with --once: create this run, or go on with it where it stopped; done already: nothing happens',
    )
    .option(
      '--logical-time <time>',
      'with --once: the interval that the run is for, ISO 8601; there is one run for each, whoever asks',
      time,
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', `\nEnvironment: ${VARIABLES.join(', ')}`)
    .action(ingest)
}

async function ingest(flags: IngestFlags): Promise<void> {
  const given = [flags.once, flags.backfill, flags.history].filter(Boolean)
  if (given.length > 1) throw new MillraceError('CONFIG', 'give one of --once, --backfill and --history')
  const log = logger('ingest')
  const { settings, close } = await connectStaging(VARIABLES, log, flags)
  const schedule = scheduleOf(settings)
  const database = openDatabase(settings.DATABASE_URL, { name: 'millrace ingest' })
  const stop = new AbortController()
  onShutdown(() => stop.abort())
  try {
    if (flags.history) return await showHistory(database, flags.limit, flags.json === true)
    const run = ingester(database, sourceOf(settings, flags), log)
    const { catchUp, maxActiveRuns, retries } = flags
    const said = { schedule, catchUp, maxActiveRuns, retries }
    if (flags.once)
      report(await run({ runId: flags.runId, dueAt: flags.logicalTime }, stop.signal), flags.json === true)
    else if (flags.backfill)
      await backfillRange(
        flags.backfill,
        (range) => backfill(database, run, said, range, log, stop.signal),
        flags,
      )
    else await ingestBySchedule(database, run, said, log, stop.signal)
  } finally {
    await database.close()
    await close()
  }
}

function sourceOf(settings: Config<(typeof VARIABLES)[number]>, flags: IngestFlags): IngestSource {
  return {
    url: settings.RANDOM_USER_URL,
    seed: flags.seed ?? settings.RANDOM_USER_SEED,
    pageSize: flags.results ?? settings.RANDOM_USER_RESULTS,
    pages: flags.pages,
    firstPage: flags.page,
  }
}

async function backfillRange(
  given: readonly string[],
  run: (range: { from: Date; to: Date }) => Promise<number>,
  flags: IngestFlags,
): Promise<void> {
  if (given.length !== 2) throw new MillraceError('CONFIG', '--backfill takes two times: FROM TO')
  const [from, to] = given.map(time) as [Date, Date]
  const intervals = await run({ from, to })
  if (flags.json) print({ intervals })
  else process.stdout.write(`backfill: ${intervals} intervals run\n`)
}

function report(run: IngestRun, json: boolean): void {
  if (json) print(run)
  else process.stdout.write(`${summaryOf(run)}\n`)
  if (run.state !== 'succeeded') process.exitCode = 1
}

function time(text: string): Date {
  const date = new Date(text)
  if (Number.isNaN(date.getTime()))
    throw new InvalidArgumentError('Give a time such as 2026-11-22T18:00:00Z.')
  return date
}
