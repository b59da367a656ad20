import type { Contract } from '../contract/avro.ts'
import { childrenOf, isTopic, type Node, type Topology } from './nodes.ts'
import type { Format } from './topic.ts'

/** The topology as text, in the manner of Kafka Streams' `Topology#describe`. */
export function describe(topology: Topology): string {
  const lines = [`Topology: ${topology.name}`]
  const sources = topology.nodes.filter((node) => node.kind === 'source')
  for (const [index, source] of sources.entries()) {
    lines.push(`  Sub-topology: ${index}`)
    walk(source, 2)
  }
  lines.push(`  Dead letters: ${topology.deadLetters.topic}`)
  return lines.join('\n')

  function walk(node: Node, depth: number): void {
    const indent = '  '.repeat(depth)
    lines.push(`${indent}${title(node)}`)
    const next = childrenOf(topology, node)
    if (next.length > 0) lines.push(`${indent}  --> ${next.map(({ name }) => name).join(', ')}`)
    for (const child of next) walk(child, depth + 1)
  }
}

function title(node: Node): string {
  const kind = `${node.kind[0]!.toUpperCase()}${node.kind.slice(1)}: ${node.name}`
  if (node.kind === 'source')
    return `${kind} (topic: ${node.topic.name}, value: ${formatName(node.topic.value)})`
  if (node.kind === 'enrich' && node.enrichment.how === 'lookup') {
    const { connector, name } = node.enrichment.target
    return `${kind} (look-up: ${connector} ${name})`
  }
  if (node.kind !== 'sink') return kind
  const { target } = node
  if (isTopic(target)) return `${kind} (topic: ${target.name}, value: ${formatName(target.value)})`
  return `${kind} (${target.connector}: ${target.name})`
}

function formatName(format: Format<unknown>): string {
  return 'encode' in format ? 'bytes' : contractName(format)
}

function contractName({ name, version }: Contract<unknown>): string {
  return `Avro ${name} v${version}`
}
