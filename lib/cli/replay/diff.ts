import { closeSync, openSync, writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { type DiffReport, diffReport } from '../../replay/diff/diff-report.ts'
import type { ShownDifference } from '../../replay/diff/shown-difference.ts'
import { wholeNumber } from '../options.ts'
import { print } from '../outcome.ts'
import { connect, type ServerFlags, withServers } from '../servers/connect.ts'
import { stateDirectory } from '../state-directory.ts'
import { loadTopology, variablesOf } from '../topology-file.ts'
import { diffText } from './diff-text.ts'

interface Flags extends ServerFlags {
  readonly applicationId?: string
  readonly examples: number
  readonly ignore?: string[]
  readonly list?: string
  readonly showValues?: boolean
  readonly showSensitive?: boolean
  readonly json?: boolean
}

export function replayDiffCommand(): Command {
  return withServers(new Command('diff'))
    .description('what a shadow holds otherwise than the live sinks, key by key')
    .argument('<name>', 'what the shadow was called by --into')
    .argument('<file>', 'topology file')
    .option('--application-id <id>', 'of the live application (default: the topology name)')
    .addOption(
      new Option('--examples <n>', 'of each kind of difference and sink')
        .argParser(wholeNumber(0, 1000))
        .default(3),
    )
    .option('--ignore <field...>', 'fields that may differ; how many rows differ in these alone is said')
    .option('--list <file>', 'write every difference into this file, a line of JSON each')
    .option('--show-values', 'show what is in the rows, but for fields that a contract calls sensitive')
    .option('--show-sensitive', 'with --show-values: these too')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .action(diff)
}

const HELP = `
Added: in the shadow alone. Missing: in live alone. Of a topic the newest record of each key counts, by its generation and timestamp.
A table says nothing of what is sensitive: columns called as a sensitive field of any contract are taken for it.

Exit codes: 0 equal, 4 different.`

async function diff(name: string, file: string, flags: Flags): Promise<void> {
  const topology = await loadTopology(file)
  const environment = await connect(variablesOf([topology]), 'replay', flags)
  const list = flags.list === undefined ? undefined : listInto(flags.list)
  try {
    const report = await diffReport({
      topology,
      application: flags.applicationId ?? topology.name,
      name,
      environment,
      tables: environment.tables,
      folder: stateDirectory(process.env),
      values: flags.showValues ?? false,
      sensitive: flags.showSensitive ?? false,
      examples: flags.examples,
      ignored: flags.ignore ?? [],
      begun: (sink) => environment.log.info({ sink }, 'comparing'),
      ...(list && { each: list.write }),
    })
    list?.end()
    show(report, flags)
    process.exitCode = report.exitCode
  } finally {
    await environment.close()
  }
}

function show(report: DiffReport, { json, list }: Flags): void {
  if (json) print(report)
  else process.stdout.write(`${diffText(report, list)}\n`)
}

const FLUSH_AT = 64 * 1024

/** @throws what the file system says. */
function listInto(path: string) {
  const file = openSync(path, 'w', 0o600)
  let lines = ''
  const flush = () => {
    writeFileSync(file, lines)
    lines = ''
  }
  return {
    write: (difference: ShownDifference) => {
      lines += `${JSON.stringify(difference)}\n`
      if (lines.length > FLUSH_AT) flush()
    },
    end: () => {
      flush()
      closeSync(file)
    },
  }
}
