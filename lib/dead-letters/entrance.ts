import { childrenOf, isTopic, type Node, parentsOf, type StepNode, type Topology } from '../topology/nodes.ts'
import { repartitionTopic } from '../topology/repartition-nodes.ts'
import { storesOf } from '../topology/stores-of.ts'
import { type SubTopology, subTopologiesOf, topicOf } from '../topology/sub-topologies.ts'

/** Where records come in again that one step has refused: the way to that step, and what is behind it. */
export interface Entrance {
  readonly step: string
  /** With the other branches cut off. */
  readonly topology: Topology
  readonly sub: SubTopology
  /** What is written: topics, tables, and topics of its own from which the running application goes on. */
  readonly writes: readonly string[]
  readonly handsOn: readonly string[]
  /** Why what is written may come out twice there; undefined where it can't. */
  readonly repeats: string | undefined
}

export interface NoEntrance {
  readonly why: string
}

export interface Refused {
  /** What the refused record was read from. */
  readonly topic: string
  readonly step: string
}

/**
 * Computes the steps on the way again, from the record's own bytes, and hands on nothing to other branches. What was
 * refused by the step that reads the topic has reached no branch: it enters all of them.
 */
export function entranceTo(
  topology: Topology,
  application: string,
  { topic, step }: Refused,
): Entrance | NoEntrance {
  const found = subOf(topology, application, topic)
  if (found === undefined) return { why: `the topology does not read topic ${topic}` }
  const { sub, input } = found
  const within = (node: Node): StepNode[] =>
    childrenOf(topology, node).filter((child) => sub.steps.includes(child))
  const target = [input, ...sub.steps].find(({ name }) => name === step)
  if (target === undefined) return { why: `no step behind topic ${topic} is called "${step}" any more` }
  const behind = reach(target, target === input || !ends(target) ? within : drops(within))
  const ahead = reach(input, within)
  const way = new Set([...ahead].filter((node) => node !== target && reach(node, within).has(target)))
  if (target !== input && !ahead.has(target))
    return { why: `step "${step}" is not reached from topic ${topic}` }
  const kept = new Set<Node>([...way, ...behind, target])
  const state = stateOf(kept, input)
  if (state !== undefined) return { why: stateText(step, state, behind.has(state) || state === target) }
  const steps = sub.steps.filter((node) => kept.has(node) || isRouteOf(node, kept))
  const outputs = steps.filter((node) => kept.has(node))
  return {
    step,
    topology: Object.freeze({
      ...topology,
      nodes: topology.nodes.filter(isOneOf([input, ...steps, ...kept])),
    }),
    sub: { ...sub, inputs: [input], steps },
    writes: outputs.flatMap((node) => (node.kind === 'sink' ? [node.target.name] : [])),
    handsOn: outputs.flatMap((node) =>
      node.kind === 'repartition' ? [repartitionTopic(application, node)] : [],
    ),
    repeats: repeatsOf(input, target, way, outputs, within),
  }
}

function subOf(topology: Topology, application: string, topic: string) {
  for (const sub of subTopologiesOf(topology)) {
    const input = sub.inputs.find((one) => topicOf(one, application) === topic)
    if (input !== undefined) return { sub, input }
  }
  return undefined
}

type Children = (node: Node) => readonly StepNode[]

/** All behind a node, without itself. */
function reach(node: Node, children: Children, reached = new Set<Node>()): Set<Node> {
  for (const child of children(node)) {
    if (reached.has(child)) continue
    reached.add(child)
    reach(child, ends(child) ? drops(children) : children, reached)
  }
  return reached
}

/** What is behind a repartition topic is the running application's. */
function ends({ kind }: Node): boolean {
  return kind === 'repartition'
}

function drops(children: Children): Children {
  return (node) => children(node).filter(({ kind }) => kind === 'drops')
}

/** A branch finds its routes by their place: none may be left out, though nothing follows it. */
function isRouteOf(node: Node, kept: ReadonlySet<Node>): boolean {
  return node.kind === 'route' && kept.has(node.parents[0]!)
}

function isOneOf(nodes: readonly Node[]) {
  const all = new Set(nodes)
  return (node: Node): boolean => all.has(node) || node.kind === 'globalTable'
}

/** The first step that keeps state, or asks another input's: that is the running application's alone. */
function stateOf(kept: ReadonlySet<Node>, input: Node): Node | undefined {
  return [...kept].find((node) => {
    if (storesOf(node).length > 0) return true
    if (node === input || node.kind === 'merge' || node.kind === 'drops') return false
    return parentsOf(node).some((parent) => !kept.has(parent) && parent !== input && !isGlobal(parent))
  })
}

function isGlobal({ kind }: Node): boolean {
  return kind === 'globalTable'
}

function stateText(step: string, { name }: Node, behind: boolean): string {
  const cure = '`millrace replay FILE --into NAME` computes it anew'
  if (!behind) return `step "${step}" follows "${name}", whose state has moved on since: ${cure}`
  const where =
    name === step ? 'keeps state' : `leads, without a repartition topic, to "${name}", which keeps state`
  return `step "${step}" ${where} that only the running application may write: ${cure}`
}

/** Steps that may make several records of one, of which others may have gone on before. */
function repeatsOf(
  input: Node,
  target: Node,
  way: ReadonlySet<Node>,
  outputs: readonly StepNode[],
  children: Children,
): string | undefined {
  const shown = outputs.find(
    (node) =>
      (node.kind === 'repartition' && node.carries !== 'rows') ||
      (node.kind === 'sink' && isTopic(node.target)),
  )
  if (shown === undefined) return undefined
  const several = [...way].find(({ kind }) => kind === 'flatMap' || kind === 'rx' || kind === 'process')
  if (several !== undefined) {
    return `"${several.name}" may make several records of one, and those that were not refused are at "${shown.name}" already`
  }
  if (waysTo(input, target, children) < 2) return undefined
  return `several ways lead to "${target.name}", and what took another may be at "${shown.name}" already`
}

function waysTo(from: Node, target: Node, children: Children): number {
  if (from === target) return 1
  return children(from).reduce((sum, child) => sum + waysTo(child, target, children), 0)
}
