import { MillraceError } from '../errors.ts'
import type { SinkTarget } from '../ports.ts'
import { isTopic, type SinkNode, type Topology } from '../topology/nodes.ts'
import { rebuilt } from '../topology/rebuilt.ts'
import { shadowTable } from './shadow-table.ts'

const NAME = /^[a-z][a-z0-9_]{0,31}$/

/** Consumer group, state, internal topics and write clock of a shadow. */
export function shadowApplication(application: string, name: string): string {
  return `${application}.${requireShadowName(name)}`
}

export function shadowTopic(topic: string, name: string): string {
  return `${topic}.${name}`
}

/**
 * The same topology beside the live one: what it writes is called otherwise, also where it reads it back, and what it
 * reads of others is the same. Topics get `.<name>` behind their own, tables `_<name>`, dead letters too.
 *
 * @throws MillraceError `CONFIG` for a name that is none, and where all that it reads is what it writes.
 */
export function shadowOf(topology: Topology, name: string): Topology {
  requireShadowName(name)
  const written = new Set(topicsWritten(topology))
  const renamed = <T extends { readonly name: string }>(topic: T): T =>
    written.has(topic.name) ? Object.freeze({ ...topic, name: shadowTopic(topic.name, name) }) : topic
  const outside = topology.nodes.some((node) => 'topic' in node && !written.has(node.topic.name))
  if (!outside) {
    throw new MillraceError(
      'CONFIG',
      `topology "${topology.name}" reads only what it writes itself: a shadow of it would have no input`,
    )
  }
  const nodes = rebuilt(topology.nodes, (node) => {
    if ('topic' in node) return { ...node, topic: renamed(node.topic) }
    if (node.kind !== 'sink') return node
    return { ...node, target: isTopic(node.target) ? renamed(node.target) : shadowTable(node.target, name) }
  })
  const { deadLetters } = topology
  return Object.freeze({
    ...topology,
    nodes,
    deadLetters: Object.freeze({ ...deadLetters, topic: shadowTopic(deadLetters.topic, name) }),
  })
}

/** A topology's sinks and what they are called, each topic and table once. */
export function sinksOf({ nodes }: Topology): SinkNode[] {
  const seen = new Set<string>()
  return nodes.filter((node): node is SinkNode => {
    return node.kind === 'sink' && !seen.has(sinkName(node)) && seen.add(sinkName(node)) !== undefined
  })
}

export function sinkName({ target }: SinkNode): string {
  return isTopic(target) ? `topic ${target.name}` : `table ${target.name}`
}

/** What a shadow of this name writes, its own dead letters too: all that is nobody else's. */
export function shadowOutputs(topology: Topology, name: string): ShadowOutputs {
  const shadow = shadowOf(topology, name)
  const targets = sinksOf(shadow).map(({ target }) => target)
  return {
    topics: [...targets.filter(isTopic).map((topic) => topic.name), shadow.deadLetters.topic],
    tables: targets.filter((target): target is SinkTarget => !isTopic(target)),
  }
}

export interface ShadowOutputs {
  readonly topics: readonly string[]
  readonly tables: readonly SinkTarget[]
}

function topicsWritten(topology: Topology): string[] {
  return sinksOf(topology).flatMap(({ target }) => (isTopic(target) ? [target.name] : []))
}

function requireShadowName(name: string): string {
  if (NAME.test(name)) return name
  throw new MillraceError(
    'CONFIG',
    `"${name}" can't name a shadow: use small letters, digits and _, beginning with a letter, at most 32`,
  )
}
