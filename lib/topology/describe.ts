import type { Windows } from '../windows/windows.ts'
import type { BatchNode } from './keyed-nodes.ts'
import { childrenOf, isDrops, isTopic, type Node, parentsOf, type Topology } from './nodes.ts'
import { repartitionTopic } from './repartition-nodes.ts'
import { storesOf } from './stores-of.ts'
import { type SubTopology, subTopologiesOf } from './sub-topologies.ts'
import { formatName } from './topic.ts'

/** A topology as plain data, for programs: `millrace describe --json`. */
export interface Description {
  readonly name: string
  readonly deadLetters: string
  /** A repartition topic is in two: at the end of one, without successors, and at the beginning of the next. */
  readonly subTopologies: ReadonlyArray<{ readonly steps: readonly StepDescription[] }>
  /** They belong to no sub-topology: every worker reads them whole. */
  readonly globalTables: readonly StepDescription[]
}

export interface StepDescription {
  readonly name: string
  readonly kind: Node['kind']
  /** What it reads from, writes to, looks up in or keeps; empty for steps that stay inside. */
  readonly detail: string
  readonly predecessors: readonly string[]
  readonly successors: readonly string[]
}

export function description(topology: Topology): Description {
  const { name, deadLetters, nodes } = topology
  return {
    name,
    deadLetters: deadLetters.topic,
    subTopologies: subTopologiesOf(topology).map((sub) => ({ steps: stepsOf(sub, topology) })),
    globalTables: nodes
      .filter(({ kind }) => kind === 'globalTable')
      .map((node) => stepOf(node, topology, { before: [], behind: joinedWith(node, topology) })),
  }
}

/** What writes a repartition topic is in one sub-topology, what reads it in another, or both in the same. */
function stepsOf({ inputs, steps }: SubTopology, topology: Topology): StepDescription[] {
  return [...new Set<Node>([...inputs, ...steps])].map((node) => {
    const behind = childrenOf(topology, node)
    const repartition = node.kind === 'repartition'
    const ends = !repartition || steps.includes(node)
    const begins = !repartition || inputs.includes(node)
    return stepOf(node, topology, {
      before: ends ? parentsOf(node) : [],
      behind: behind.filter((child) => (repartition && isDrops(child) ? ends : begins)),
    })
  })
}

interface Around {
  readonly before: readonly Node[]
  readonly behind: readonly Node[]
}

function stepOf(node: Node, { name: application }: Topology, { before, behind }: Around): StepDescription {
  return {
    name: node.name,
    kind: node.kind,
    detail: detailOf(node, application),
    predecessors: [...new Set(before.map(({ name }) => name))],
    successors: behind.map(({ name }) => name),
  }
}

function joinedWith(global: Node, { nodes }: Topology): Node[] {
  return nodes.filter((node) => node.kind === 'streamGlobalJoin' && node.global === global)
}

/** The topology as text, in the manner of Kafka Streams' `Topology#describe`. */
export function describe(topology: Topology): string {
  const { name, deadLetters, subTopologies, globalTables } = description(topology)
  const lines = [`Topology: ${name}`]
  for (const [index, { steps }] of subTopologies.entries()) {
    lines.push(`  Sub-topology: ${index}`, ...steps.flatMap(stepLines))
  }
  if (globalTables.length > 0) lines.push('  Global tables', ...globalTables.flatMap(stepLines))
  lines.push(`  Dead letters: ${deadLetters}`)
  return lines.join('\n')
}

function stepLines({ name, kind, detail, predecessors, successors }: StepDescription): string[] {
  const lines = [
    `    ${kind[0]!.toUpperCase()}${kind.slice(1)}: ${name}${detail === '' ? '' : ` (${detail})`}`,
  ]
  if (successors.length > 0) lines.push(`      --> ${successors.join(', ')}`)
  if (predecessors.length > 0) lines.push(`      <-- ${predecessors.join(', ')}`)
  return lines
}

const OUTSIDE: ReadonlySet<Node['kind']> = new Set(['source', 'table', 'globalTable', 'repartition', 'sink'])

/** The topology as a Mermaid flowchart, which GitHub and many editors draw. */
export function mermaid(topology: Topology): string {
  const { subTopologies, globalTables } = description(topology)
  const steps = [...subTopologies.flatMap((sub) => sub.steps), ...globalTables]
  const id = new Map([...new Set(steps.map(({ name }) => name))].map((name, index) => [name, `s${index}`]))
  const boxes = steps.map(({ name, kind, detail }) => {
    const label = [name, detail].filter((part) => part !== '').join('<br/>')
    const [open, close] = OUTSIDE.has(kind) ? ['[(', ')]'] : ['[', ']']
    return `  ${id.get(name)}${open}"${label}"${close}`
  })
  const arrows = steps.flatMap(({ name, successors }) =>
    successors.map((successor) => `  ${id.get(name)} --> ${id.get(successor)}`),
  )
  // A repartition topic is in two sub-topologies, and drawn once.
  return ['flowchart LR', ...new Set([...boxes, ...arrows])].join('\n')
}

function detailOf(node: Node, application: string): string {
  const store = storesOf(node).map(({ name, kind }) => `store: ${name} (${kind})`)
  const rate = 'rate' in node && node.rate !== undefined ? [`at most ${node.rate} a second`] : []
  return [...[readsAndWrites(node, application)].filter((part) => part !== ''), ...rate, ...store].join(', ')
}

function readsAndWrites(node: Node, application: string): string {
  switch (node.kind) {
    case 'source':
    case 'table':
    case 'globalTable':
      return `topic: ${node.topic.name}, value: ${formatName(node.topic.value)}`
    case 'repartition':
      return `topic: ${repartitionTopic(application, node)}`
    case 'window':
      return [
        windowsName(node.windows),
        ...(node.emit === 'close' ? ['emitted on close'] : []),
        ...(node.idleness === undefined ? [] : [`or after ${node.idleness} ms without input`]),
      ].join(', ')
    case 'aggregate':
    case 'groupAggregate':
      return node.verb
    case 'batch':
      return batchName(node)
    case 'toStream':
      return node.updates === 'last' ? 'the last update of a key in each micro-batch' : ''
    case 'suppress':
      return node.until.kind === 'close' ? 'until windows close' : `until ${node.until.limit} ms have passed`
    case 'streamJoin': {
      const { before, after, grace } = node.windows
      return `${node.type}, right from ${before} ms before to ${after} ms after, grace ${grace} ms`
    }
    case 'streamTableJoin':
      return node.grace === undefined ? node.type : `${node.type}, grace ${node.grace} ms`
    case 'tableJoin':
    case 'foreignKeyResolve':
      return node.type
    case 'enrich': {
      if (node.enrichment.how !== 'lookup') return ''
      const { connector, name } = node.enrichment.target
      return `look-up: ${connector} ${name}`
    }
    case 'streamGlobalJoin':
      return `${node.type}, global table: ${node.global.name}`
    case 'sink': {
      const { target } = node
      if (isTopic(target)) return `topic: ${target.name}, value: ${formatName(target.value)}`
      return `${target.connector}: ${target.name}`
    }
    default:
      return ''
  }
}

function batchName({ per, records, bytes, every }: BatchNode): string {
  const limits = [`${records} records`, `${bytes} bytes`, `${every} ms`].filter(
    (limit) => !limit.startsWith('Infinity'),
  )
  return `of a ${per}, up to ${limits.join(' or ')}`
}

function windowsName(windows: Windows): string {
  const grace = `grace ${windows.grace} ms`
  switch (windows.kind) {
    case 'time':
      return windows.advance === windows.size
        ? `tumbling: ${windows.size} ms, ${grace}`
        : `hopping: ${windows.size} ms every ${windows.advance} ms, ${grace}`
    case 'sliding':
      return `sliding: ${windows.difference} ms, ${grace}`
    case 'session':
      return `session: gap ${windows.gap} ms, ${grace}`
  }
}
