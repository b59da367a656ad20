import type { Node, Topology } from '../../topology/nodes.ts'
import { parentsOf } from '../../topology/nodes.ts'
import type { StoreSpec } from '../../topology/store.ts'
import { storesOf } from '../../topology/stores-of.ts'
import { type SubTopology, type SubTopologyInput, subTopologiesOf } from '../../topology/sub-topologies.ts'
import { formatName } from '../../topology/topic.ts'
import type { StoreInfo } from './worker-view.ts'

/** A store, the step that keeps it, and where that step is. */
export interface FoundStore {
  readonly spec: StoreSpec
  readonly node: Node
  /** Undefined for a global table, which is in none. */
  readonly sub: SubTopology | undefined
}

export function findStore(topology: Topology, name: string): FoundStore | undefined {
  for (const node of topology.nodes) {
    const spec = storesOf(node).find((store) => store.name === name)
    if (spec === undefined) continue
    const sub = subTopologiesOf(topology).find(({ inputs, steps }) =>
      [...inputs, ...steps].includes(node as never),
    )
    return { spec, node, sub }
  }
  return undefined
}

/** Every store of a topology, each once. */
export function storesIn(topology: Topology): StoreInfo[] {
  const seen = new Set<string>()
  return topology.nodes.flatMap((node) =>
    storesOf(node).flatMap((spec): StoreInfo[] => {
      if (seen.has(spec.name)) return []
      seen.add(spec.name)
      const { name, kind } = spec
      const keys = formatName(spec.key)
      const global = node.kind === 'globalTable'
      return [{ name, kind, step: node.name, keys, global, queryable: isQueryable(node, spec) }]
    }),
  )
}

const WITH_TABLES: ReadonlySet<Node['kind']> = new Set([
  'table',
  'globalTable',
  'toTable',
  'tableFilter',
  'tableMap',
  'tableJoin',
  'aggregate',
  'groupAggregate',
  'foreignKeyResolve',
  'process',
])

/** Whether its rows mean something to others; what else steps keep has a shape of its own. */
export function isQueryable(node: Node, spec: StoreSpec): boolean {
  if (!WITH_TABLES.has(node.kind)) return false
  return node.kind === 'process' || ('store' in node && node.store === spec)
}

/** The inputs of its sub-topology that a step's records come from. */
export function inputsBefore({ node, sub }: FoundStore): SubTopologyInput[] {
  const found = new Set<SubTopologyInput>()
  const walk = (at: Node): void => {
    if (sub?.inputs.includes(at as never) && (at !== node || at.kind === 'table')) {
      found.add(at as SubTopologyInput)
      return
    }
    for (const parent of parentsOf(at)) walk(parent)
  }
  walk(node)
  return [...found]
}
