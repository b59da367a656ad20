import { Command } from 'commander'
import { deployedAs } from '../../deployed/application.ts'
import { diffReport } from '../../replay/diff/diff-report.ts'
import { promote } from '../../replay/promotion/promote.ts'
import type { PromotionOptions } from '../../replay/promotion/promotion-options.ts'
import type { Guarantee } from '../../topology/nodes.ts'
import { confirm } from '../confirm.ts'
import { guaranteeOption } from '../options.ts'
import { print } from '../outcome.ts'
import { connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { stateDirectory } from '../state-directory.ts'
import { loadTopology, variablesOf } from '../topology-file.ts'
import { previewText, promotedText, promoteSteps } from './promotion-text.ts'

export interface PromotionFlags extends ServerFlags {
  readonly applicationId?: string
  readonly guarantee?: Guarantee
  readonly yes?: boolean
  readonly json?: boolean
}

export function replayPromoteCommand(): Command {
  return withPromotion(new Command('promote'))
    .description('have a shadow take the place of what is live: drain it, write what differs, switch')
    .argument('<file>', 'topology file: the new version')
    .addHelpText('after', HELP)
    .action((name: string, file: string, flags: PromotionFlags) =>
      withOptions(name, file, flags, (options) => run(options, flags)),
    )
}

const HELP = `
Live workers are told to drain, and end with exit code 0; those that are started meanwhile wait. Start the new version
then: it runs as the shadow's group. What live held is kept: \`replay rollback\` gives it back.
Killed at any point, the same command goes on, and \`replay rollback\` undoes it.

Exit codes: 0 promoted, 1 failed, 2 wrong usage, 3 there is no such shadow, or it can't be promoted any more.`

/** What both commands take. */
export function withPromotion(command: Command): Command {
  return withServers(command)
    .argument('<name>', 'what the shadow was called by --into')
    .option('--application-id <id>', 'the live application (default: the topology name)')
    .addOption(guaranteeOption())
    .option('--yes', 'do not ask, nor compare beforehand')
    .option('--json', 'as JSON')
}

async function run(options: PromotionOptions, { yes = false, json = false }: PromotionFlags): Promise<void> {
  const { name, application, environment } = options
  const { runsAs } = await deployedAs(environment.broker, application)
  if (!json) process.stdout.write(promoteSteps(name, application, runsAs))
  if (!yes && process.stdin.isTTY) {
    const shown = { values: false, sensitive: false, examples: 0, ignored: [] }
    process.stdout.write(previewText(await diffReport({ ...options, ...shown })))
  }
  if (!(await confirm(`promote "${name}"`, yes))) return
  const promoted = await promote(options)
  if (json) print(promoted)
  else process.stdout.write(promotedText(promoted))
}

export async function withOptions(
  name: string,
  file: string,
  flags: PromotionFlags,
  work: (options: PromotionOptions) => Promise<void>,
): Promise<void> {
  const topology = await loadTopology(file)
  const environment = await connect(variablesOf([topology]), 'replay', flags)
  try {
    const stateDir = stateDirectory(process.env)
    await work({
      ...{ topology, name, environment, stateDir, tables: environment.tables, folder: stateDir },
      application: flags.applicationId ?? topology.name,
      guarantee: flags.guarantee,
      tell: (what) => process.stderr.write(`${what}\n`),
    })
  } finally {
    await environment.close()
  }
}
