import type { Contract } from '../contract/avro.ts'
import type { Windows } from '../windows/windows.ts'
import { childrenOf, isTopic, type Node, parentsOf, type Topology } from './nodes.ts'
import { repartitionTopic } from './repartition-nodes.ts'
import { storesOf } from './stores-of.ts'
import { subTopologiesOf } from './sub-topologies.ts'
import type { Format } from './topic.ts'

/** A topology as plain data, for programs: `millrace describe --json`. */
export interface Description {
  readonly name: string
  readonly deadLetters: string
  readonly subTopologies: ReadonlyArray<{ readonly steps: readonly StepDescription[] }>
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
  return {
    name: topology.name,
    deadLetters: topology.deadLetters.topic,
    subTopologies: subTopologiesOf(topology).map(({ inputs, steps }) => ({
      steps: [...new Set<Node>([...inputs, ...steps])].map((node) => ({
        name: node.name,
        kind: node.kind,
        detail: detailOf(node, topology.name),
        predecessors: parentsOf(node).map(({ name }) => name),
        successors: childrenOf(topology, node).map(({ name }) => name),
      })),
    })),
  }
}

/** The topology as text, in the manner of Kafka Streams' `Topology#describe`. */
export function describe(topology: Topology): string {
  const { name, deadLetters, subTopologies } = description(topology)
  const lines = [`Topology: ${name}`]
  for (const [index, { steps }] of subTopologies.entries()) {
    lines.push(`  Sub-topology: ${index}`)
    for (const step of steps) {
      const kind = `${step.kind[0]!.toUpperCase()}${step.kind.slice(1)}`
      lines.push(`    ${kind}: ${step.name}${step.detail === '' ? '' : ` (${step.detail})`}`)
      if (step.successors.length > 0) lines.push(`      --> ${step.successors.join(', ')}`)
      if (step.predecessors.length > 0) lines.push(`      <-- ${step.predecessors.join(', ')}`)
    }
  }
  lines.push(`  Dead letters: ${deadLetters}`)
  return lines.join('\n')
}

/** The topology as a Mermaid flowchart, which GitHub and many editors draw. */
export function mermaid(topology: Topology): string {
  const steps = description(topology).subTopologies.flatMap((sub) => sub.steps)
  const id = new Map(steps.map(({ name }, index) => [name, `s${index}`]))
  const lines = steps.map(({ name, kind, detail }) => {
    const label = [name, detail].filter((part) => part !== '').join('<br/>')
    const [open, close] = kind === 'source' || kind === 'sink' ? ['[(', ')]'] : ['[', ']']
    return `  ${id.get(name)}${open}"${label}"${close}`
  })
  const arrows = steps.flatMap(({ name, successors }) =>
    successors.map((successor) => `  ${id.get(name)} --> ${id.get(successor)}`),
  )
  return ['flowchart LR', ...lines, ...arrows].join('\n')
}

function detailOf(node: Node, application: string): string {
  const store = storesOf(node).map(({ name, kind }) => `store: ${name} (${kind})`)
  return [...[readsAndWrites(node, application)].filter((part) => part !== ''), ...store].join(', ')
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
      return windowsName(node.windows)
    case 'enrich': {
      if (node.enrichment.how !== 'lookup') return ''
      const { connector, name } = node.enrichment.target
      return `look-up: ${connector} ${name}`
    }
    case 'streamGlobalJoin':
      return `global table: ${node.global.name}`
    case 'sink': {
      const { target } = node
      if (isTopic(target)) return `topic: ${target.name}, value: ${formatName(target.value)}`
      return `${target.connector}: ${target.name}`
    }
    default:
      return ''
  }
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

function formatName(format: Format<unknown>): string {
  return 'encode' in format ? 'bytes' : contractName(format)
}

function contractName({ name, version }: Contract<unknown>): string {
  return `Avro ${name} v${version}`
}
