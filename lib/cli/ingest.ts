import { Command } from 'commander'
import { MOST_RESULTS } from '../../connectors/http/random-user-client.ts'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import type { IngestRun } from '../../connectors/postgres/staging/ingest-run.ts'
import { MillraceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { type Config, config, type Variable } from './config.ts'
import { backfill, backfillTimes, reportBackfill } from './ingest/backfill.ts'
import {
  ingestBySchedule,
  SCHEDULE_DEFAULTS,
  SCHEDULE_VARIABLES,
  type ScheduleFlags,
  scheduleOf,
} from './ingest/by-schedule.ts'
import { showHistory } from './ingest/history.ts'
import { type Ingester, type IngestSource, ingester } from './ingest/ingester.ts'
import { ingestProgress, summaryOf } from './ingest/report.ts'
import { logger } from './log.ts'
import { time, wholeNumber } from './options.ts'
import { print } from './outcome.ts'
import { connectStaging, type ServerFlags, withServers } from './servers/connect.ts'

/** Page numbers are kept in an int column. */
const MOST_PAGES = 1_000_000

interface IngestFlags extends ServerFlags, ScheduleFlags {
  readonly once?: boolean
  readonly backfill?: readonly Date[]
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

const VARIABLES = ['RANDOM_USER_URL', 'DATABASE_URL', 'RANDOM_USER_RESULTS', 'RANDOM_USER_SEED'] as const

/** `millrace ingest`: fetches users from the Random User API and stages them. */
export function ingestCommand(): Command {
  return sourceOptions(scheduleOptions(withServers(new Command('ingest'))))
    .description(
      'fetch users from the Random User API and stage every element in staging.random_users: a run for each ' +
        'interval of INGEST_SCHEDULE until Ctrl-C, or once',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', HELP)
    .action(ingest)
}

const HELP = `
The schedule is a cron expression of five fields, or six with seconds. A first start runs the interval that has just
passed; later starts make up for those that were missed or have failed. Of several processes one runs the schedule; the
others take over when it ends. There is one run for each interval, whoever asks for it.

Times are ISO 8601, in UTC unless they name an offset.

Environment: ${VARIABLES.join(', ')},
  INGEST_SCHEDULE (default: */5 * * * *), INGEST_TIMEZONE (default: UTC). --history needs DATABASE_URL alone.`

function scheduleOptions(command: Command): Command {
  const { catchUp, maxActiveRuns, retries } = SCHEDULE_DEFAULTS
  return command
    .option('--once', 'one run, then exit')
    .option(
      '--backfill <times...>',
      'FROM TO: run the intervals from FROM on and before TO that have not succeeded, then exit',
      (text, earlier: readonly Date[] = []) => [...earlier, time(text)],
    )
    .option('--history', 'show the latest runs')
    .option('--limit <n>', 'how many runs --history shows', wholeNumber(1, 1_000_000), 20)
    .option(
      '--catch-up <n>',
      'how many of the latest intervals are made up for; older ones are skipped',
      wholeNumber(1, 100_000),
      catchUp,
    )
    .option('--max-active-runs <n>', 'runs at a time', wholeNumber(1, 16), maxActiveRuns)
    .option('--retries <n>', 'further attempts at an interval that failed', wholeNumber(0, 100), retries)
    .option(
      '--run-id <id>',
      'with --once: create this run, or go on with it where it stopped; done already: nothing happens',
    )
    .option('--logical-time <time>', 'with --once: the interval that the run is for', time)
}

function sourceOptions(command: Command): Command {
  return command
    .option(
      '--results <n>',
      `users a page, 1 to ${MOST_RESULTS} (default: RANDOM_USER_RESULTS, else 500)`,
      wholeNumber(1, MOST_RESULTS),
    )
    .option('--seed <seed>', 'seed of the API (default: RANDOM_USER_SEED, else millrace)')
    .option('--pages <n>', 'number of pages of a run', wholeNumber(1, MOST_PAGES), 1)
    .option(
      '--page <n>',
      'with --once: first page (default: the one after the last fetched with this seed and size)',
      wholeNumber(1, MOST_PAGES),
    )
}

/** What a mode of `ingest` works with. */
interface Work {
  readonly database: Database
  readonly log: Logger
  readonly signal: AbortSignal
}

async function ingest(flags: IngestFlags): Promise<void> {
  refuseMixture(flags)
  if (flags.history) {
    return work(['DATABASE_URL'], flags, (_, { database }) =>
      showHistory(database, flags.limit, flags.json === true),
    )
  }
  // Before any server is started or asked.
  const schedule = scheduleOf(config(SCHEDULE_VARIABLES))
  const times = flags.backfill && backfillTimes(schedule, flags.backfill)
  await work(VARIABLES, flags, async (settings, { database, log, signal }) => {
    const onProgress = flags.once ? ingestProgress(process.stderr) : undefined
    const run = ingester(database, sourceOf(settings, flags), log, onProgress)
    const said = { ...flags, schedule }
    if (flags.once) await once(run, flags, signal)
    else if (times === undefined) await ingestBySchedule(database, run, said, log, signal)
    else reportBackfill(await backfill(database, run, { ...said, times }, log, signal), flags.json === true)
  })
}

async function work<N extends Variable>(
  needs: readonly N[],
  flags: IngestFlags,
  mode: (settings: Config<N>, work: Work) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  onShutdown(() => stop.abort())
  const log = logger('ingest')
  const { settings, close } = await connectStaging(needs, log, flags)
  const { DATABASE_URL } = settings as Config<'DATABASE_URL'>
  const database = openDatabase(DATABASE_URL, {
    name: 'millrace ingest',
    // Each run holds one, leadership another; the rest is for the history.
    connections: flags.maxActiveRuns + 3,
  })
  try {
    await mode(settings, { database, log, signal: stop.signal })
  } finally {
    await database.close()
    await close()
  }
}

async function once(run: Ingester, flags: IngestFlags, signal: AbortSignal): Promise<void> {
  const { runId, logicalTime: dueAt } = flags
  report(await run({ runId, dueAt }, signal), flags.json === true)
}

function refuseMixture(flags: IngestFlags): void {
  const modes = [flags.once, flags.backfill, flags.history].filter(Boolean)
  if (modes.length > 1) throw new MillraceError('CONFIG', 'give one of --once, --backfill and --history')
  const ofOnce = { '--run-id': flags.runId, '--logical-time': flags.logicalTime, '--page': flags.page }
  const [astray] = Object.entries(ofOnce).find(([, value]) => value !== undefined) ?? []
  if (astray !== undefined && !flags.once) throw new MillraceError('CONFIG', `${astray} goes with --once`)
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

function report(run: IngestRun, json: boolean): void {
  if (json) print(run)
  else process.stdout.write(`${summaryOf(run)}\n`)
  if (run.state !== 'succeeded') process.exitCode = 1
}
