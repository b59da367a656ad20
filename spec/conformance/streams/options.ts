import { Command, CommanderError, Option } from 'commander'
import { TOPOLOGY_IDS } from './comparators.ts'

export interface Options {
  readonly directories: readonly string[]
  readonly store: 'memory' | 'disk'
  readonly only?: readonly string[]
  readonly write?: string
  readonly broker?: 'kafka'
}

/** The command line, or the exit code with which it ends here: help was asked for (0), or it is wrong (2). */
export function optionsOf(argv: readonly string[]): Options | { readonly exitCode: number } {
  const command = new Command('conformance')
    .description("Runs scenario files through millrace and compares with Kafka Streams' own answers.")
    .argument('<dir...>', 'directories with scenario files at any depth')
    .addOption(
      new Option('--store <kind>', 'where stores live').choices(['memory', 'disk']).default('memory'),
    )
    .option('--only <id>', 'this topology alone; may be repeated', repeated)
    .option('--write <out>', "writes millrace's own answers below this directory, as scenario files")
    .addOption(
      new Option(
        '--broker <kind>',
        'through a worker on the Kafka of KAFKA_BROKERS, where its topics stay; stores are on disk',
      ).choices(['kafka']),
    )
    .addHelpText(
      'after',
      [
        '\nA file without outputs or stores can be answered with --write, and fails without it.',
        'Exit codes: 0 all equal, 1 a file failed or there is none, 2 wrong usage or an unknown topology id.',
      ].join('\n'),
    )
    .exitOverride()
    .showHelpAfterError('(--help says what there is)')
  try {
    command.parse([...argv], { from: 'user' })
    return { directories: command.args, ...command.opts<Omit<Options, 'directories'>>() }
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2 }
    throw error
  }
}

function repeated(id: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), id]
}

/** Why these options can't be followed, if they can't. */
export function faultOf({ only = [] }: Options): string | undefined {
  const unknown = only.filter((id) => !TOPOLOGY_IDS.includes(id))
  return unknown.length === 0 ? undefined : `--only: no topology has the id ${unknown.join(', ')}`
}
