import { Command, Option } from 'commander'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import userInsights from '../../topologies/user-insights.ts'
import { usersRaw } from '../../topologies/users-raw.ts'
import { requireResources } from '../runtime/resources.ts'
import { type Report, reportOf } from '../verify/report.ts'
import { verifyTopology } from '../verify/topology-hops.ts'
import { milliseconds } from './options.ts'
import { print } from './outcome.ts'
import { PIPELINE_VARIABLES, pipelineResources } from './pipeline.ts'
import { type Connected, connect, type ServerFlags, withServers } from './servers/connect.ts'
import { verifyCapture } from './verify/capture-hops.ts'
import { textOf } from './verify/text.ts'

interface Flags extends ServerFlags {
  readonly json?: boolean
  readonly wait: number
}

export function verifyCommand(): Command {
  return withServers(new Command('verify'))
    .description(
      'reconcile API history, staging, topics and tables hop by hop: counts, and every key by hash',
    )
    .addOption(
      new Option('--wait <duration>', 'how long a running capture may take to pass what is staged')
        .argParser(milliseconds)
        .default(30_000, '30s'),
    )
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 equal, 3 a key is missing at a later hop, 4 something differs or is too many.',
    )
    .action(async (flags: Flags) => {
      const environment = await connect(PIPELINE_VARIABLES, 'verify', flags)
      const database = openDatabase(environment.settings.DATABASE_URL, { name: 'millrace verify' })
      try {
        const report = await verify(environment, database, flags.wait)
        if (flags.json) print(report)
        else process.stdout.write(`${textOf(report)}\n`)
        process.exitCode = report.exitCode
      } finally {
        await Promise.allSettled([database.close(), environment.close()])
      }
    })
}

/**
 * From the first hop to the last; each hop's expectation is computed from the one before it. Staged rows count as
 * one snapshot sees them, raw records up to the positions committed when this begins: the pipeline may go on.
 */
export async function verify(environment: Connected, database: Database, wait: number): Promise<Report> {
  await requireResources(pipelineResources(environment, database))
  const positions = await environment.broker.admin.committed(userInsights.name, [usersRaw.name])
  const captured = await verifyCapture(environment, database, wait)
  const { hops, pending } = await verifyTopology(userInsights, environment, positions)
  return reportOf([...captured, ...hops], pending)
}
