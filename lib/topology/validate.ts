import { MillraceError } from '../errors.ts'
import { checkKeys } from './check-keys.ts'
import { checkName } from './check-name.ts'
import { checkStores } from './check-stores.ts'
import { checkCoPartitioning } from './co-partitioning.ts'
import { checkPolicies } from './error-policy.ts'
import { type InputNode, isDrops, type Node, parentsOf, type Topology } from './nodes.ts'
import { storesOf } from './stores-of.ts'

/** What can be known without a server: names, and that every branch ends in a sink. */
export function checkTopology(topology: Topology): void {
  const seen = new Set<string>()
  for (const node of topology.nodes) {
    checkName(`step of topology "${topology.name}"`, node.name)
    if (seen.has(node.name)) {
      throw new MillraceError(
        'CONFIG',
        `topology "${topology.name}" has two steps named "${node.name}"; rename one`,
        {
          step: node.name,
        },
      )
    }
    seen.add(node.name)
  }
  checkSources(topology)
  checkPolicies(topology)
  checkStores(topology)
  checkKeys(topology)
  const parents = new Set(topology.nodes.filter((node) => !isDrops(node)).flatMap(parentsOf))
  const loose = topology.nodes.find((node) => !ends(node) && !parents.has(node))
  if (loose !== undefined) {
    throw new MillraceError(
      'CONFIG',
      `step "${loose.name}" of topology "${topology.name}" leads nowhere; end its branch with sink(...)`,
      { step: loose.name },
    )
  }
  checkCoPartitioning(topology)
}

/** What may have nothing behind it: stores are there to be asked. */
function ends(node: Node): boolean {
  return node.kind === 'sink' || node.kind === 'globalTable' || storesOf(node).length > 0
}

function checkSources({ name, nodes }: Topology): void {
  const sources = nodes.filter((node): node is InputNode => node.kind === 'source' || node.kind === 'table')
  const [first] = sources
  if (first === undefined) throw new MillraceError('CONFIG', `topology "${name}" has no source`)
  for (const source of sources.slice(1)) {
    const step = source.name
    if (sources.some((other) => other !== source && other.topic.name === source.topic.name)) {
      throw new MillraceError(
        'CONFIG',
        `topology "${name}" reads topic "${source.topic.name}" twice; read it once, and pipe that stream twice`,
        { step },
      )
    }
  }
  checkStart(sources.filter(({ kind }) => kind === 'source'))
}

/** One consumer group has one policy; tables are always read from their beginning. */
function checkStart([first, ...others]: readonly InputNode[]): void {
  const other = others.find(({ startAt }) => startAt !== first?.startAt)
  if (other === undefined) return
  throw new MillraceError(
    'CONFIG',
    `sources "${first?.name}" and "${other.name}" must have the same startAt`,
    {
      step: other.name,
    },
  )
}
