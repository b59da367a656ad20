import { Command, Option } from 'commander'
import { openDatabase } from '../../connectors/postgres/connection.ts'
import { MillraceError } from '../errors.ts'
import { milliseconds, time } from './options.ts'
import { print } from './outcome.ts'
import { PIPELINE_VARIABLES } from './pipeline.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'
import { progressOn } from './verify/progress.ts'
import { textOf } from './verify/text.ts'
import { verify } from './verify/verify-pipeline.ts'

interface Flags extends ServerFlags {
  readonly json?: boolean
  readonly wait: number
  readonly from?: Date
  readonly to?: Date
  readonly repair?: boolean
  readonly yes?: boolean
}

export function verifyCommand(): Command {
  return withServers(new Command('verify'))
    .description(
      'reconcile API history, staging, topics and tables hop by hop: counts, and every key by hash',
    )
    .addOption(
      new Option('--wait <duration>', 'how long what runs, capture or worker, may take to pass what is there')
        .argParser(milliseconds)
        .default(30_000, '30s'),
    )
    .option('--from <time>', 'only what was fetched at this time or later', time)
    .option('--to <time>', 'only what was fetched before', time)
    .option(
      '--repair',
      'say how tables, and records missing in topics, would be mended; with --yes, mend them',
    )
    .option('--yes', 'with --repair: do it')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      requireOrder(flags)
      const environment = await connect(PIPELINE_VARIABLES, 'verify', flags)
      const progress = progressOn(process.stderr)
      const database = openDatabase(environment.settings.DATABASE_URL, { name: 'millrace verify' })
      try {
        const { wait, repair = false, yes = false } = flags
        const period = { from: flags.from?.getTime(), to: flags.to?.getTime() }
        const mending = repair ? { dry: !yes } : undefined
        const { tell } = progress
        const options = { wait, settled: false, period, mending, tell }
        const report = await verify(environment, database, options).finally(progress.stop)
        if (flags.json) print(report)
        else process.stdout.write(`${textOf(report)}\n`)
        process.exitCode = report.exitCode
      } finally {
        await Promise.allSettled([database.close(), environment.close()])
      }
    })
}

const HELP = `
Exit codes: 0 equal, or all mended; 3 a key is missing at a later hop, 4 something differs or is too many.

A repair waits until the worker has passed all that is there now, for --wait at most, and computes each key from its
newest record again. It can be killed and run again.`

function requireOrder({ from, to, repair, yes }: Flags): void {
  if (from !== undefined && to !== undefined && from >= to)
    throw new MillraceError('CONFIG', '--from must be before --to')
  if (yes && !repair) throw new MillraceError('CONFIG', '--yes goes with --repair')
}
