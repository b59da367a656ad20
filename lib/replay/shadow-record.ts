import { Ledger } from '../deployed/ledger.ts'
import { MillraceError } from '../errors.ts'
import type { Resource, SinkTarget } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import { connectorFor } from '../runtime/open.ts'
import { isTopic, type Topology } from '../topology/nodes.ts'
import { type ShadowOutputs, shadowOf, shadowOutputs, sinksOf } from './shadow.ts'

const KIND = 'shadow'

/** What the ledger holds of a shadow: all that it may ever have written, and so all that may be removed with it. */
export interface ShadowRecord extends ShadowOutputs {
  readonly since: string
}

export interface NamedShadow {
  /** As the topology file says it, not the shadow's. */
  readonly topology: Topology
  /** The live application id. */
  readonly application: string
  readonly name: string
  readonly environment: Environment
}

/** @throws MillraceError `MISSING` where there is no such shadow. */
export async function requireShadow({ application, name, environment }: NamedShadow): Promise<ShadowRecord> {
  const found = await readShadow(environment, application, name)
  if (found !== undefined) return found
  const others = await new Ledger(environment.broker).list(KIND, application)
  const there = others.length === 0 ? 'none' : others.map((other) => other.name).join(', ')
  throw new MillraceError(
    'MISSING',
    `application "${application}" has no shadow "${name}" (there is: ${there}); \`millrace replay FILE --into ${name}\` makes one`,
    { application },
  )
}

export function readShadow(
  { broker }: Environment,
  application: string,
  name: string,
): Promise<ShadowRecord | undefined> {
  return new Ledger(broker).read<ShadowRecord>(KIND, application, name)
}

export function forgetShadow({ environment, application, name }: NamedShadow): Promise<void> {
  return new Ledger(environment.broker).write(KIND, application, null, name)
}

/**
 * Writes down what the shadow is going to be, before any of it is made. What has such a name and is none of its own
 * belongs to somebody else: it would be written to now, and removed with the shadow later.
 *
 * @throws MillraceError `DATA_LOSS` naming what is there already.
 */
export async function claimShadow(shadow: NamedShadow): Promise<ShadowRecord> {
  const { topology, application, name, environment } = shadow
  const ledger = new Ledger(environment.broker)
  const before = await readShadow(environment, application, name)
  const outputs = shadowOutputs(topology, name)
  const claimed = new Set([...(before?.topics ?? []), ...(before?.tables ?? []).map(tableName)])
  const foreign = [
    ...(await environment.broker.admin.topics(outputs.topics.filter((topic) => !claimed.has(topic)))).map(
      ({ topic }) => `topic ${topic}`,
    ),
    ...(await tablesThere(shadow, (target) => !claimed.has(tableName(target)))),
  ]
  if (foreign.length > 0) {
    throw new MillraceError(
      'DATA_LOSS',
      `shadow "${name}" would write to what is there already and is not its own: ${foreign.join(', ')}. Choose another name`,
      { application },
    )
  }
  const tables = [...(before?.tables ?? []), ...outputs.tables.filter((one) => !claimed.has(tableName(one)))]
  const record: ShadowRecord = {
    topics: [...new Set([...(before?.topics ?? []), ...outputs.topics])],
    tables,
    since: before?.since ?? new Date().toISOString(),
  }
  await ledger.write(KIND, application, record, name)
  return record
}

async function tablesThere(
  { topology, name, environment }: NamedShadow,
  asked: (target: SinkTarget) => boolean,
): Promise<string[]> {
  const there: string[] = []
  for (const { target } of sinksOf(shadowOf(topology, name))) {
    if (isTopic(target) || !asked(target)) continue
    const state = await tableResource(target, environment).inspect()
    if (state !== 'missing') there.push(`${target.connector} table ${target.name}`)
  }
  return there
}

/** The table alone, without what it stands in. */
export function tableResource(target: SinkTarget, environment: Environment): Resource {
  const context = { application: target.name, step: target.name }
  const resources = connectorFor(environment.sinks, target.connector, target.name).resources(target, context)
  return resources.find(
    ({ kind, name }) => kind === 'table' && (name === target.name || name.endsWith(`.${target.name}`)),
  )!
}

function tableName({ connector, name }: SinkTarget): string {
  return `${connector} ${name}`
}
