import type { Environment } from '../runtime/environment.ts'
import { open } from '../runtime/open.ts'
import { withGuarantee } from '../topology/guarantee.ts'
import type { Topology } from '../topology/nodes.ts'
import { subTopologiesOf } from '../topology/sub-topologies.ts'
import type { Flow } from './recompute.ts'

/** A topology opened to be computed again, beside those who run it. */
export interface Flows {
  /** As it runs. */
  readonly said: Topology
  /** As it is computed: without what a guarantee puts between. */
  readonly topology: Topology
  readonly flows: readonly Flow[]
  close(): Promise<void>
}

/**
 * From each source to the sinks that follow without a repartition topic between, whatever the guarantee has put there.
 */
export async function openFlows(said: Topology, environment: Environment): Promise<Flows> {
  const topology = withGuarantee(said, 'at-least-once')
  const opened = await open(topology, topology.name, environment)
  const flows = subTopologiesOf(topology).flatMap((sub): Flow[] => {
    const [input, ...others] = sub.inputs
    if (input?.kind !== 'source' || others.length > 0) return []
    return [{ topology, sub, topic: input.topic.name, opened }]
  })
  return { said, topology, flows, close: () => opened.close() }
}
