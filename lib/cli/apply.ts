import { Command } from 'commander'
import { type Database, openDatabase } from '../../connectors/postgres/connection.ts'
import userInsights from '../../topologies/user-insights.ts'
import { deployedAs } from '../deployed/application.ts'
import { Ledger } from '../deployed/ledger.ts'
import { MillraceError } from '../errors.ts'
import type { Resource } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import { resourcesOf } from '../runtime/resources.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import type { Guarantee, Topology } from '../topology/nodes.ts'
import { guaranteeOption } from './options.ts'
import { print } from './outcome.ts'
import { PIPELINE_VARIABLES, pipelineResources, recaptureByName } from './pipeline.ts'
import { connect, type ServerFlags, withServers } from './servers/connect.ts'
import { loadTopology, variablesOf } from './topology-file.ts'

export interface TopologyFlags extends ServerFlags {
  readonly applicationId?: string
  readonly guarantee?: Guarantee
}

interface Flags extends TopologyFlags {
  readonly json?: boolean
  readonly recapture?: string
}

export interface Planned {
  readonly resource: Resource
  readonly state: Awaited<ReturnType<Resource['inspect']>>
}

export interface Wanted {
  readonly resources: readonly Resource[]
  /** Their guarantees are those asked for. */
  readonly topologies: readonly Topology[]
  readonly environment: Environment
  readonly database: Database | undefined
}

export const WHAT = 'topology files (default: the user-insights pipeline with staging and capture)'

export const APPLICATION = 'consumer group, with one file (default: the topology name)'

export function applyCommand(): Command {
  return withServers(new Command('apply'))
    .description(
      'create what is missing: topics, subjects, tables, publication, slot, reference data; idempotent',
    )
    .argument('[file...]', WHAT)
    .option('--application-id <id>', APPLICATION)
    .addOption(guaranteeOption())
    .option('--recapture <name>', 'make the slot of this capture anew and capture every staged row again')
    .option('--json', 'as JSON')
    .action((files: string[], flags: Flags) =>
      withResources(files, 'apply', flags, async ({ resources, database }) => {
        if (flags.recapture !== undefined) await recaptureByName(flags.recapture, requireDatabase(database))
        const created = await applyAll(resources, (resource) => {
          if (!flags.json) process.stdout.write(`created ${resource.kind} ${resource.name}\n`)
        })
        if (flags.json) print({ created: created.map(named), present: resources.length - created.length })
        else
          process.stdout.write(
            `${created.length} created, ${resources.length - created.length} there already\n`,
          )
      }),
    )
}

/** Creates what is missing, in order; refuses before creating anything if something is not as stated. */
export async function applyAll(
  resources: readonly Resource[],
  onCreated: (resource: Resource) => void,
): Promise<Resource[]> {
  const planned = await inspectAll(resources)
  refuseDifferences(planned)
  const created: Resource[] = []
  for (const { resource, state } of planned) {
    if (state === 'present') continue
    await resource.create()
    created.push(resource)
    onCreated(resource)
  }
  return created
}

export async function inspectAll(resources: readonly Resource[]): Promise<Planned[]> {
  const planned: Planned[] = []
  for (const resource of resources) planned.push({ resource, state: await resource.inspect() })
  return planned
}

function refuseDifferences(planned: readonly Planned[]): void {
  const differing = planned.flatMap(({ resource: { kind, name }, state }) =>
    typeof state === 'object' ? [`${kind} ${name}: ${state.differs}`] : [],
  )
  if (differing.length > 0) throw new MillraceError('CONTRACT', `not as stated: ${differing.join('; ')}`)
}

export async function withResources(
  files: readonly string[],
  name: string,
  flags: TopologyFlags,
  work: (planned: Wanted) => Promise<void>,
): Promise<void> {
  const said = await Promise.all(files.map(loadTopology))
  if (flags.applicationId !== undefined && files.length !== 1)
    throw new MillraceError('CONFIG', '--application-id goes with one topology file')
  const topologies = said.map((topology) => withGuarantee(topology, flags.guarantee ?? topology.guarantee))
  const whole = files.length === 0
  const environment = await connect(whole ? PIPELINE_VARIABLES : variablesOf(topologies), name, flags)
  const database = whole ? openDatabase(environment.settings.DATABASE_URL, { name: 'millrace' }) : undefined
  try {
    const resources =
      database === undefined
        ? (
            await Promise.all(
              topologies.map((one) => deployedResources(one, flags.applicationId ?? one.name, environment)),
            )
          ).flat()
        : await pipelineResources(environment, database)
    await work({
      resources: [...resources, Ledger.resource(environment.broker)],
      topologies: whole ? [userInsights] : topologies,
      environment: environment as Environment,
      database,
    })
  } finally {
    await Promise.allSettled([database?.close(), environment.close()])
  }
}

/** Of what the application runs as. */
async function deployedResources(
  topology: Topology,
  application: string,
  environment: Environment,
): Promise<Resource[]> {
  const { runsAs } = await deployedAs(environment.broker, application)
  return resourcesOf(topology, runsAs, environment, application)
}

function requireDatabase(database: Database | undefined): Database {
  if (database !== undefined) return database
  throw new MillraceError(
    'CONFIG',
    '--recapture goes without topology files: captures belong to the pipeline',
  )
}

export function named({ kind, name }: Resource) {
  return { kind, name }
}
