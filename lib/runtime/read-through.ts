import { setTimeout as delay } from 'node:timers/promises'
import type { BrokerAdmin } from '../broker/broker.ts'
import type { TopicPartition } from '../record.ts'
import type { Topology } from '../topology/nodes.ts'
import { allReached, type Ends } from './caught-up.ts'
import { inputTopics, sourceTopics } from './input-topics.ts'
import type { PartitionCounts } from './task-plan.ts'

/** A worker that ends by itself. */
export interface Reading {
  readonly topology: Topology
  readonly application: string
  readonly admin: BrokerAdmin
  readonly idleAfter: number
  readonly settled: () => boolean
  readonly signal: AbortSignal
}

/**
 * The ends of the outside, what has followed from them in topics that it reads itself and, unless ever more comes in,
 * what is shown on idle input.
 */
export async function caughtUp(reading: Reading, outside: Ends): Promise<void> {
  const { topology, idleAfter, settled, signal } = reading
  await readThrough(reading, outside)
  const patience = performance.now() + longestIdleness(topology) + 5 * idleAfter
  if (settled()) return
  while (!settled() && performance.now() < patience && !signal.aborted) {
    await delay(100, undefined, { signal }).catch(() => {})
  }
  await readThrough(reading, outside)
}

/** Up to these ends, and to those of what has followed from them in topics that it reads itself. */
export function readThrough(
  { topology, application, admin, signal }: Reading,
  outside: Ends = new Map(),
): Promise<void> {
  const { own, written } = inputTopics(topology, application)
  const transactional = topology.guarantee === 'exactly-once'
  return allReached({ admin, group: application, own: [...own, ...written], transactional }, outside, signal)
}

/** All that it would read of others. */
export function sourcePartitions(
  topology: Topology,
  application: string,
  partitionsOf: PartitionCounts,
): TopicPartition[] {
  return sourceTopics(topology, application).flatMap((topic) =>
    Array.from({ length: partitionsOf(topic) }, (_, partition) => ({ topic, partition })),
  )
}

function longestIdleness({ nodes }: Topology): number {
  return Math.max(0, ...nodes.map((node) => (node.kind === 'window' ? (node.idleness ?? 0) : 0)))
}
