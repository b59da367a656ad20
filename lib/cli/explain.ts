import { Command } from 'commander'
import userInsights from '../../topologies/user-insights.ts'
import { deployedAs } from '../deployed/application.ts'
import { MillraceError } from '../errors.ts'
import { type Explanation, explain } from '../explain/explain.ts'
import type { Passed } from '../explain/stages.ts'
import { showing } from './explain/masking.ts'
import { explanationText } from './explain/text.ts'
import { wholeNumber } from './options.ts'
import { print } from './outcome.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'
import { loadTopology, variablesOf } from './topology-file.ts'

interface Flags extends ServerFlags {
  readonly applicationId?: string
  readonly showValues?: boolean
  readonly showSensitive?: boolean
  readonly json?: boolean
}

const ANY = wholeNumber(0, Number.MAX_SAFE_INTEGER)

export function explainCommand(): Command {
  return withServers(new Command('explain'))
    .description('take one record through the steps, and say what becomes of it; changes nothing')
    .argument('<topic>', 'of a source, or of a sink or the dead letters: traced back from there')
    .argument('<partition>', 'its partition', ANY)
    .argument('<offset>', 'its offset', ANY)
    .argument('[file...]', 'topology files (default: the user-insights pipeline)')
    .option('--application-id <id>', 'as it runs (default: the topology name)')
    .option('--show-values', 'keys and values as they are, but for sensitive fields; not only their shape')
    .option('--show-sensitive', 'those, too')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nState is taken to be empty: what a join or a count would make of earlier records is not seen.',
    )
    .action(explainRecord)
}

async function explainRecord(
  topic: string,
  partition: number,
  offset: number,
  files: readonly string[],
  flags: Flags,
): Promise<void> {
  const topologies = files.length === 0 ? [userInsights] : await Promise.all(files.map(loadTopology))
  if (flags.applicationId !== undefined && topologies.length > 1)
    throw new MillraceError('CONFIG', '--application-id goes with one topology file')
  const environment = await connect(variablesOf(topologies), 'explain', flags)
  const said: unknown[] = []
  try {
    for (const topology of topologies) {
      const clockOf = flags.applicationId ?? topology.name
      const { runsAs: application } = await deployedAs(environment.broker, clockOf)
      const at = { topic, partition, offset }
      const found = await explain({ topology, application, clockOf, environment, at })
      const show = showing(topology, {
        values: flags.showValues ?? false,
        sensitive: flags.showSensitive ?? false,
      })
      if (flags.json) said.push({ application, ...shown(found, show) })
      else process.stdout.write(explanationText(found, application, show))
    }
  } finally {
    await environment.close()
  }
  if (flags.json) print(said.length === 1 ? said[0] : said)
}

function shown(explanation: Explanation, show: (value: unknown) => unknown) {
  const content = <P extends Pick<Passed, 'key' | 'value'>>(one: P) => ({
    ...one,
    key: show(one.key),
    value: show(one.value),
  })
  return {
    ...explanation,
    stages: explanation.stages.map((stage) => ({
      ...stage,
      given: stage.given.map(content),
      handedOn: stage.handedOn.map(content),
      kept: stage.kept.map(content),
      records: stage.records.map(content),
      rows: stage.rows.map(({ found, ...row }) => ({
        ...content(row),
        ...(found && { found: { there: found.value !== null, clock: found.clock } }),
      })),
    })),
  }
}
