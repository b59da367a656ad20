import type { RowRepair } from '../ports.ts'
import type { Environment } from '../runtime/environment.ts'
import { connectorFor } from '../runtime/open.ts'
import { isTopic, type SinkNode } from '../topology/nodes.ts'
import type { Flow } from './recompute.ts'

/** For the rows of a sink; undefined for a topic, and where its server has none. */
export async function repairOf(
  { topology }: Pick<Flow, 'topology'>,
  { target, name }: SinkNode,
  { sinks }: Environment,
): Promise<RowRepair | undefined> {
  if (isTopic(target)) return undefined
  const connector = connectorFor(sinks, target.connector, name)
  return connector.repair?.(target, { application: topology.name, step: name })
}
