import { createHash } from 'node:crypto'
import { description } from './describe.ts'
import type { Topology } from './nodes.ts'

/** The same for topologies of the same steps, topics and stores, under the same guarantee. What callbacks do is not seen. */
export function fingerprintOf(topology: Topology): string {
  const said = JSON.stringify([topology.guarantee, description(topology)])
  return createHash('sha256').update(said).digest('hex').slice(0, 16)
}
