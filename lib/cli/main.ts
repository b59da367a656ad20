import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { MillraceError } from '../errors.ts'
import { applyCommand, planCommand } from './apply.ts'
import { captureCommand } from './capture.ts'
import { describeCommand } from './describe.ts'
import { ingestCommand } from './ingest.ts'
import { fail, failUsage } from './outcome.ts'
import { runCommand } from './run.ts'
import { servicesCommand } from './services.ts'
import { typesCommand } from './types.ts'
import { upCommand } from './up.ts'
import { verifyCommand } from './verify.ts'

/** Runs one command. Never throws: the outcome is in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv])
  } catch (error) {
    if (error instanceof CommanderError) {
      failUsage(error, argv.includes('--json'))
      return
    }
    fail(error, argv.includes('--json'))
  }
}

function program(): Command {
  const millrace = new Command('millrace')
    .description('Stream processing for Node.js and TypeScript: topologies in code, workers to run them.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(--help lists what there is)')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data missing, 4 differences found.',
    )
  const commands = [
    runCommand(),
    ingestCommand(),
    captureCommand(),
    upCommand(),
    planCommand(),
    applyCommand(),
    describeCommand(),
    verifyCommand(),
    typesCommand(),
    servicesCommand(),
  ]
  for (const command of commands) {
    millrace.addCommand(inherit(command))
  }
  return millrace
}

function inherit(command: Command): Command {
  command.exitOverride().showHelpAfterError('(--help lists what there is)')
  for (const child of command.commands) inherit(child)
  return command
}

function version(): string {
  const require = createRequire(import.meta.url)
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = require(path)
      if (name === 'millrace') return version
    } catch {
      // Built code is one folder deeper than its source.
    }
  }
  throw new MillraceError('INTERNAL', "millrace's package.json is not where it should be")
}
