import type { SinkConnector, SinkTarget } from '../../ports.ts'
import type { Environment } from '../../runtime/environment.ts'
import { connectorFor } from '../../runtime/open.ts'
import { isTopic, type Topology } from '../../topology/nodes.ts'

interface Generations {
  readonly topology: Topology
  /** The live one. */
  readonly application: string
  readonly environment: Environment
}

/** The largest of all servers that hold its tables. 0 where it has none. */
export async function largestGeneration(said: Generations): Promise<number> {
  const generations = tablesByConnector(said).map(([connector, table]) => current(connector, table, said))
  return Math.max(0, ...(await Promise.all(generations)))
}

/** Does nothing where it has been raised before. */
export async function raiseGenerations(said: Generations, to: number): Promise<void> {
  for (const [connector, table] of tablesByConnector(said)) {
    let now = await current(connector, table, said)
    while (now < to) now = await connector.raiseGeneration!(said.application)
  }
}

/** One table of each server. */
function tablesByConnector({ topology, environment }: Generations): [SinkConnector, SinkTarget][] {
  const tables = topology.nodes.flatMap((node): [SinkConnector, SinkTarget][] => {
    if (node.kind !== 'sink' || isTopic(node.target)) return []
    return [[connectorFor(environment.sinks, node.target.connector, node.name), node.target]]
  })
  return [...new Map(tables)]
}

async function current(
  connector: SinkConnector,
  table: SinkTarget,
  { application }: Generations,
): Promise<number> {
  const repair = await connector.repair?.(table, { application, step: table.name })
  return repair?.generation ?? 0
}
