import { MillraceError } from '../../errors.ts'
import type { SinkTarget } from '../../ports.ts'
import { withGuarantee } from '../../topology/guarantee.ts'
import { isTopic, type SinkNode, type Topology } from '../../topology/nodes.ts'
import type { Environment } from '../environment.ts'
import { fenceWriters } from '../former-writers.ts'
import { changelogsOf, inputTopics } from '../input-topics.ts'
import { connectorFor } from '../open.ts'
import { type InputReset, inputResets, type ResetTo } from './reset-positions.ts'
import { removeAllState, requireClosed, taskFolders } from './reset-state.ts'

export interface ResetOptions {
  readonly topology: Topology
  readonly application: string
  readonly environment: Environment
  readonly stateDir: string
  readonly to: ResetTo
  /** Whether the tables that the topology writes are emptied, whoever has written their rows. */
  readonly sinks: boolean
}

/** What a reset does, and leaves. */
export interface ResetPlan {
  readonly application: string
  readonly inputs: readonly InputReset[]
  /** Folders of tasks on this machine, to be removed. */
  readonly state: readonly string[]
  /** Changelogs and repartition topics, to be deleted. */
  readonly topics: readonly string[]
  /** To be emptied. */
  readonly tables: readonly string[]
  /** What the application has written for others, which stays as it is. */
  readonly kept: readonly string[]
}

/**
 * What `executeReset` would do. Changes nothing.
 *
 * @throws MillraceError `DATA_LOSS` while the application runs: its group has members, or its state here is open.
 */
export async function planReset(options: ResetOptions): Promise<ResetPlan> {
  const { topology, application, environment, stateDir, to, sinks } = options
  await requireStopped(options)
  const { broker } = environment
  const { outside, internal } = topicsOf(topology, application)
  const there = new Set((await broker.admin.topics([...outside, ...internal])).map(({ topic }) => topic))
  const inputs: InputReset[] = []
  for (const topic of outside.filter((topic) => there.has(topic))) {
    const where = isTable(topology, topic) ? ({ how: 'earliest' } as const) : to
    inputs.push(...(await inputResets(broker, application, topic, where)))
  }
  const tables = tablesOf(topology).map(({ target }) => `${target.connector} table ${target.name}`)
  const written = topology.nodes.flatMap((node) => {
    return node.kind === 'sink' && isTopic(node.target) ? [`topic ${node.target.name}`] : []
  })
  return {
    application,
    inputs,
    state: await taskFolders(stateDir, application),
    topics: internal.filter((topic) => there.has(topic)),
    tables: sinks ? tables : [],
    kept: [...new Set([...written, `topic ${topology.deadLetters.topic}`, ...(sinks ? [] : tables)])],
  }
}

/**
 * Does it, in an order in which a kill at any point leaves an application that is as it was, or ahead of its inputs'
 * positions, which it then skips, until its internal topics go; and run again it does what is left.
 */
export async function executeReset(plan: ResetPlan, options: ResetOptions): Promise<void> {
  const { topology, application, environment, stateDir, sinks } = options
  const { broker, log } = environment
  const { upkeep } = broker
  await requireStopped(options)
  // 0. who was killed, or hangs, commits nothing any more
  const topics = new Set([...plan.inputs.map(({ topic }) => topic), ...plan.topics])
  await fenceWriters(await broker.admin.committed(application, [...topics]), { broker, application, log })
  // 1. tables that know how far they are forget it
  const connectors = new Set(tablesOf(topology).map((node) => connectorOf(node, environment)))
  for (const connector of connectors) await connector.forget?.(application).catch(unlessMissing)
  // 2. the group begins where it is told to
  await upkeep.setPositions(application, plan.inputs)
  // 3. nothing is kept on this machine
  await removeAllState(stateDir, application)
  // 4. nor on the broker
  for (const topic of plan.topics) await upkeep.deleteTopic(topic)
  // 5. nor, if that was asked for, in tables
  if (!sinks) return
  for (const node of tablesOf(topology)) {
    const connector = connectorOf(node, environment)
    if (connector.clear === undefined)
      throw new MillraceError('CONFIG', `step "${node.name}": ${node.target.connector} can't empty tables`)
    await connector.clear(node.target)
  }
}

interface TableNode extends SinkNode {
  readonly target: SinkTarget
}

function tablesOf({ nodes }: Topology): TableNode[] {
  return nodes.filter((node): node is TableNode => node.kind === 'sink' && !isTopic(node.target))
}

function connectorOf({ name, target }: TableNode, environment: Environment) {
  return connectorFor(environment.sinks, target.connector, name)
}

/** Those of both guarantees: it may have run with either. */
function topicsOf(topology: Topology, application: string) {
  const laidOut = (['at-least-once', 'exactly-once'] as const).map((one) => withGuarantee(topology, one))
  const internal = laidOut.flatMap((one) => {
    return [...inputTopics(one, application).own, ...changelogsOf(one, application).keys()]
  })
  return { outside: inputTopics(topology, application).outside, internal: [...new Set(internal)] }
}

/** A table is what its whole topic says. */
function isTable({ nodes }: Topology, topic: string): boolean {
  return nodes.some((node) => node.kind === 'table' && node.topic.name === topic)
}

async function requireStopped({ application, environment, stateDir }: ResetOptions): Promise<void> {
  const members = await environment.broker.upkeep.members(application)
  if (members.length > 0) {
    const who = members.map(({ clientId, host }) => `${clientId} on ${host}`).join(', ')
    throw new MillraceError(
      'DATA_LOSS',
      `application "${application}" is running: its group has ${members.length} member${members.length === 1 ? '' : 's'} (${who}). Stop them first; one that was killed is counted until its session ends`,
      { application },
    )
  }
  await requireClosed(stateDir, application)
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof MillraceError && error.code === 'MISSING')) throw error
}
