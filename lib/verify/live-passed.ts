import { setTimeout as delay } from 'node:timers/promises'
import type { BrokerAdmin } from '../broker/broker.ts'
import { type Ends, endsOf, reached } from '../runtime/caught-up.ts'
import { inputTopics } from '../runtime/input-topics.ts'
import type { Topology } from '../topology/nodes.ts'
import { subTopologiesOf } from '../topology/sub-topologies.ts'

/** Kafka shows what a transaction has written some moments after its positions. Milliseconds. */
const SHOWN_AFTER = 500

/**
 * Whether the group passes, within `wait` milliseconds, all that its sources hold now, and what follows from that in
 * topics of its own. More may come meanwhile, without end: a topic of its own is looked at as often as it may be
 * behind others.
 */
export async function livePassed(
  topology: Topology,
  { admin, group, wait }: { readonly admin: BrokerAdmin; readonly group: string; readonly wait: number },
): Promise<boolean> {
  const signal = AbortSignal.timeout(Math.max(1, wait))
  const { outside, own, written } = inputTopics(topology, group)
  const behind = [...own, ...written]
  await reached(admin, group, await endsOf(admin, outside), signal)
  let before: Ends | undefined
  for (let deep = 1; deep < subTopologiesOf(topology).length && !signal.aborted; deep++) {
    if (topology.guarantee === 'exactly-once') await delay(SHOWN_AFTER, undefined, { signal }).catch(() => {})
    const ends = await endsOf(admin, behind)
    if (before !== undefined && sumOf(ends) === sumOf(before)) break
    await reached(admin, group, ends, signal)
    before = ends
  }
  return !signal.aborted
}

function sumOf(ends: Ends): number {
  return [...ends.values()].reduce((sum, end) => sum + end, 0)
}
