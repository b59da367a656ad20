import type { TaskGroup } from '../broker/broker.ts'
import type { Topology } from '../topology/nodes.ts'
import { storeNames, subTopologiesOf, topicOf } from '../topology/sub-topologies.ts'

/** The sub-topologies, as a group gives out their tasks. */
export function taskGroups(topology: Topology, application: string): TaskGroup[] {
  return subTopologiesOf(topology).map((sub) => ({
    id: String(sub.id),
    topics: [...new Set(sub.inputs.map((input) => topicOf(input, application)))],
    stateful: storeNames(sub).length > 0,
  }))
}
