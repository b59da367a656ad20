import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { MillraceError } from '../errors.ts'
import { fail, failUsage } from './outcome.ts'
import { allowClosedOutput } from './up/closed-output.ts'

/** In the order in which help shows them. Loaded when asked for: a command starts without the others' clients. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand(),
  ingest: async () => (await import('./ingest.ts')).ingestCommand(),
  capture: async () => (await import('./capture.ts')).captureCommand(),
  up: async () => (await import('./up.ts')).upCommand(),
  plan: async () => (await import('./plan.ts')).planCommand(),
  apply: async () => (await import('./apply.ts')).applyCommand(),
  describe: async () => (await import('./describe.ts')).describeCommand(),
  verify: async () => (await import('./verify.ts')).verifyCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  reset: async () => (await import('./reset.ts')).resetCommand(),
  replay: async () => (await import('./replay.ts')).replayCommand(),
  dlq: async () => (await import('./dlq.ts')).dlqCommand(),
  types: async () => (await import('./types.ts')).typesCommand(),
  services: async () => (await import('./services.ts')).servicesCommand(),
}

/** Runs one command. Never throws: the outcome is in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  allowClosedOutput()
  try {
    const millrace = await program(argv[2])
    await millrace.parseAsync([...argv])
  } catch (error) {
    if (error instanceof CommanderError) {
      failUsage(error, argv.includes('--json'))
      return
    }
    fail(error, argv.includes('--json'))
  }
}

/** With the named command alone; with all of them for help, and to say what there is. */
async function program(name: string | undefined): Promise<Command> {
  const millrace = new Command('millrace')
    .description('Stream processing for Node.js and TypeScript: topologies in code, workers to run them.')
    .version(version())
    // Options behind the name of a command are its own, also where `replay` has some of the same name.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help lists what there is)')
    .addHelpText(
      'after',
      [
        '\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data missing, 4 differences found.',
        'Environment: KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL, CASSANDRA_CONTACT_POINTS, RANDOM_USER_URL,',
        '  as far as a command needs them, or NAME_FILE for each; none set: embedded, in MILLRACE_STATE_DIR',
        '  (default: .millrace). MILLRACE_LOG: silent, error, warn, info or debug.',
      ].join('\n'),
    )
  const named = name !== undefined && Object.hasOwn(COMMANDS, name) ? [name] : Object.keys(COMMANDS)
  for (const command of named) millrace.addCommand(inherit(await COMMANDS[command]!()))
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
