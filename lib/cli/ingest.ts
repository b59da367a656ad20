import { Command, InvalidArgumentError } from 'commander'
import { MOST_RESULTS, randomUserClient } from '../../connectors/http/random-user-client.ts'
import { openDatabase } from '../../connectors/postgres/connection.ts'
import type { IngestRun } from '../../connectors/postgres/ingest-run.ts'
import { openStaging } from '../../connectors/postgres/staging.ts'
import { runIngest } from '../../topologies/user-ingest.ts'
import { MillraceError, messageOf } from '../errors.ts'
import { onShutdown } from '../runtime/shutdown.ts'
import { config } from './config.ts'
import { ingestProgress, summaryOf } from './ingest-report.ts'
import { wholeNumber } from './options.ts'
import { print } from './outcome.ts'

/** Page numbers are kept in an int column. */
const MOST_PAGES = 1_000_000

interface IngestFlags {
  readonly once?: boolean
  readonly results?: number
  readonly seed?: string
  readonly page?: number
  readonly pages: number
  readonly runId?: string
  readonly logicalTime?: Date
  readonly json?: boolean
}

/** `millrace ingest`: fetches users from the Random User API and stages them. */
export function ingestCommand(): Command {
  return new Command('ingest')
    .description('fetch users from the Random User API and stage every element in staging.random_users')
    .option('--once', 'one run, then exit')
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
    .option('--pages <n>', 'number of pages', wholeNumber(1, MOST_PAGES), 1)
    .option(
      '--run-id <id>',
      'create this run, or go on with it where it stopped; done already: nothing happens',
    )
    .option('--logical-time <time>', 'the time for which the run is due, ISO 8601 (default: now)', time)
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      '\nEnvironment: RANDOM_USER_URL, DATABASE_URL, RANDOM_USER_RESULTS, RANDOM_USER_SEED',
    )
    .action(ingest)
}

async function ingest(flags: IngestFlags): Promise<void> {
  if (!flags.once) {
    throw new MillraceError(
      'CONFIG',
      'ingest by a schedule (INGEST_SCHEDULE) comes with a later version: use millrace ingest --once',
    )
  }
  const env = config(['RANDOM_USER_URL', 'DATABASE_URL', 'RANDOM_USER_RESULTS', 'RANDOM_USER_SEED'])
  const database = openDatabase(env.DATABASE_URL, { name: 'millrace ingest' })
  const stop = new AbortController()
  onShutdown(() => stop.abort())
  try {
    const run = await runIngest({
      source: randomUserClient({ url: env.RANDOM_USER_URL }),
      staging: openStaging(database),
      seed: flags.seed ?? env.RANDOM_USER_SEED,
      pageSize: flags.results ?? env.RANDOM_USER_RESULTS,
      firstPage: flags.page,
      pages: flags.pages,
      runId: flags.runId,
      logicalTime: flags.logicalTime,
      signal: stop.signal,
      onProgress: ingestProgress(process.stderr),
      onRetry: (error) => process.stderr.write(`waiting: ${messageOf(error)}\n`),
    })
    report(run, flags.json === true)
  } finally {
    await database.close()
  }
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
