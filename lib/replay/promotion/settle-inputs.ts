import type { Position } from '../../record.ts'
import type { Environment } from '../../runtime/environment.ts'
import { fenceWriters } from '../../runtime/former-writers.ts'
import { inputTopics } from '../../runtime/input-topics.ts'
import type { Topology } from '../../topology/nodes.ts'

export interface SettledInputs {
  readonly topology: Topology
  readonly group: string
  readonly environment: Environment
  /** Of its sources; none: they stay where they are. */
  readonly positions: readonly Position[]
}

/**
 * Where a group begins that takes over: what stands in topics that it writes and reads itself has been applied to what
 * follows from them.
 */
export async function settleInputs(settled: SettledInputs): Promise<void> {
  const { topology, group, environment, positions } = settled
  const { broker, log } = environment
  const { admin, upkeep } = broker
  const ends: Position[] = []
  for (const topic of inputTopics(topology, group).written) {
    for (const { partition, end } of await admin.offsets(topic)) ends.push({ topic, partition, offset: end })
  }
  const all = [...positions, ...ends]
  if (all.length === 0) return
  await fenceWriters(all, { broker, application: group, log })
  await upkeep.setPositions(group, all)
}
