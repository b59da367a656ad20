import { Command } from 'commander'
import { type CleanPlan, cleanShadow, planClean } from '../../replay/clean-shadow.ts'
import { print } from '../outcome.ts'
import { connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { stateDirectory } from '../state-directory.ts'
import { loadTopology, variablesOf } from '../topology-file.ts'

interface Flags extends ServerFlags {
  readonly applicationId?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function replayCleanCommand(): Command {
  return withServers(new Command('clean'))
    .description('remove a shadow: its topics, tables and state, and nothing that is not its own')
    .argument('<name>', 'what it was called by --into')
    .argument('<file>', 'topology file')
    .option('--application-id <id>', 'of the live application (default: the topology name)')
    .option('--dry-run', 'only say what would be removed')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nRefused (exit code 3) while a replay into it runs, and once it was promoted. Subjects of the registry stay.\nCan be killed at any point, and run again.',
    )
    .action(clean)
}

async function clean(name: string, file: string, flags: Flags): Promise<void> {
  const topology = await loadTopology(file)
  const environment = await connect(variablesOf([topology]), 'replay', flags)
  try {
    const application = flags.applicationId ?? topology.name
    const options = { topology, application, name, environment, stateDir: stateDirectory(process.env) }
    const plan = flags.dryRun ? await planClean(options) : await cleanShadow(options)
    if (flags.json) print({ removed: !flags.dryRun, ...plan })
    else process.stdout.write(textOf(plan, flags.dryRun ?? false))
  } finally {
    await environment.close()
  }
}

function textOf({ application, topics, tables, state }: CleanPlan, dry: boolean): string {
  const things = [
    ...topics.map((topic) => `topic ${topic}`),
    ...tables,
    ...state.map((task) => `the local state of task ${task}`),
  ]
  const verb = dry ? 'would remove' : 'removed'
  const lines = things.map((thing) => `  ${verb} ${thing}\n`).join('')
  return `shadow ${application}\n${lines}${dry ? 'nothing has been changed\n' : ''}`
}
