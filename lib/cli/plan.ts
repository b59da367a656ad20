import { Command } from 'commander'
import type { Broker } from '../broker/broker.ts'
import { deployedAs } from '../deployed/application.ts'
import { type Difference, differencesOf } from '../deployed/differences.ts'
import { publishedOf, readPublished } from '../deployed/published.ts'
import { topicDifferences } from '../deployed/topic-differences.ts'
import { MillraceError } from '../errors.ts'
import type { Resource } from '../ports.ts'
import type { Topology } from '../topology/nodes.ts'
import {
  APPLICATION,
  inspectAll,
  named,
  type Planned,
  type TopologyFlags,
  WHAT,
  withResources,
} from './apply.ts'
import { guaranteeOption } from './options.ts'
import { BREAKING, DIFFERENT, print } from './outcome.ts'
import { withServers } from './servers/connect.ts'

interface Flags extends TopologyFlags {
  readonly json?: boolean
}

export function planCommand(): Command {
  return withServers(new Command('plan'))
    .description(
      'show what differs between the code and what is deployed, each with its cure; changes nothing',
    )
    .argument('[file...]', WHAT)
    .option('--application-id <id>', APPLICATION)
    .addOption(guaranteeOption())
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing to do, 4 changes that apply or the next run makes, 3 something would be lost or break.',
    )
    .action(plan)
}

function plan(files: string[], flags: Flags): Promise<void> {
  return withResources(files, 'plan', flags, async ({ resources, topologies, environment }) => {
    const planned = await inspectAll(resources)
    const differences: Difference[] = []
    for (const topology of topologies) {
      const application = flags.applicationId ?? topology.name
      differences.push(...(await deployedDifferences(environment.broker, topology, application)))
    }
    if (flags.json) print(asJson(planned, differences))
    else process.stdout.write(`${planText(planned, differences)}\n`)
    const breaking = breakingText(planned, differences)
    const changes = planned.some(({ state }) => state !== 'present') || differences.length > 0
    if (breaking.length === 0) process.exitCode = changes ? DIFFERENT : 0
    // What is printed as JSON says it already, and is one document.
    else if (flags.json) process.exitCode = BREAKING
    else throw new MillraceError('CONTRACT', `not as stated: ${breaking.join('; ')}`)
  })
}

/** With what runs, or ran last: nothing where none has run since the ledger was made. */
async function deployedDifferences(
  broker: Broker,
  topology: Topology,
  application: string,
): Promise<Difference[]> {
  const { runsAs } = await deployedAs(broker, application)
  const deployed = await readPublished(broker, application)
  const steps = deployed === undefined ? [] : differencesOf(deployed, publishedOf(topology, runsAs))
  return [...steps, ...(await topicDifferences(broker, topology, runsAs, deployed))]
}

/** All that would lose or break something, with the cures. */
function breakingText(planned: readonly Planned[], differences: readonly Difference[]): string[] {
  return [
    ...planned.flatMap(({ resource, state }) =>
      typeof state === 'object'
        ? [`${resource.kind} ${resource.name}: ${state.differs}; ${cureOf(resource)}`]
        : [],
    ),
    ...differences.filter(({ breaks }) => breaks).map(differenceText),
  ]
}

function cureOf({ kind }: Pick<Resource, 'kind'>): string {
  switch (kind) {
    case 'subject':
      return 'make the new version readable with the old ones (a default for each new field, no other types), or write to another topic'
    case 'table':
      return 'ALTER TABLE adds a column; another type or key needs a table of another name, filled by `millrace replay`'
    default:
      return 'make it as stated, or state it as it is'
  }
}

function asJson(planned: readonly Planned[], differences: readonly Difference[]) {
  return [
    ...planned.map(({ resource, state }) => ({
      ...named(resource),
      state,
      ...(typeof state === 'object' && { cure: cureOf(resource), breaks: true }),
    })),
    ...differences.map(({ kind, name, differs, cure, breaks }) => ({
      ...{ kind, name, state: { differs }, cure, breaks },
    })),
  ]
}

function planText(planned: readonly Planned[], differences: readonly Difference[]): string {
  const count = (wanted: Planned['state']) => planned.filter(({ state }) => state === wanted).length
  const breaking = differences.filter(({ breaks }) => breaks).length
  const differing = planned.length - count('missing') - count('present') + breaking
  return [
    ...planned.map(({ resource, state }) => line(resource, state)),
    ...differences.map((one) => `${one.breaks ? '!' : '~'} ${differenceText(one)}`),
    [
      `${count('missing')} to create (+)`,
      `${differences.length - breaking} changed (~)`,
      `${differing} would lose or break (!)`,
      `${count('present')} there already`,
    ].join(', '),
  ].join('\n')
}

function differenceText({ kind, name, differs, cure }: Difference): string {
  return `${kind} ${name} ${differs}${cure === '' ? '' : `; ${cure}`}`
}

function line(resource: Resource, state: Planned['state']): string {
  const { kind, name } = resource
  if (state === 'present') return `  ${kind} ${name}`
  return state === 'missing'
    ? `+ ${kind} ${name}`
    : `! ${kind} ${name}: ${state.differs}; ${cureOf(resource)}`
}
