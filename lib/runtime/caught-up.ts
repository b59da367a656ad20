import { setTimeout as delay } from 'node:timers/promises'
import { retrying } from '../backoff.ts'
import type { BrokerAdmin } from '../broker/broker.ts'
import { isRetriable } from '../errors.ts'

/** End offsets by `topic/partition`; partitions that hold nothing are left out. */
export type Ends = ReadonlyMap<string, number>

export async function endsOf(admin: BrokerAdmin, topics: readonly string[]): Promise<Ends> {
  const ends = new Map<string, number>()
  for (const topic of topics) {
    for (const { partition, earliest, end } of await admin.offsets(topic)) {
      if (end > earliest) ends.set(`${topic}/${partition}`, end)
    }
  }
  return ends
}

/** Kafka shows what a transaction has written some moments after its positions, when all markers are there. Milliseconds. */
const SHOWN_AFTER = 500

export interface Reaching {
  readonly admin: BrokerAdmin
  readonly group: string
  /** Topics that the application reads and writes. */
  readonly own: readonly string[]
  readonly transactional: boolean
}

/**
 * Resolves when the group has committed up to these ends, and then up to those of what has followed from them in topics
 * that the application itself reads and writes; or when aborted.
 */
export async function allReached(
  { admin, group, own, transactional }: Reaching,
  outside: Ends,
  signal: AbortSignal,
): Promise<void> {
  let ends = outside
  for (let before = -1; before !== sumOf(ends) && !signal.aborted; ) {
    before = sumOf(ends)
    await reached(admin, group, ends, signal)
    if (own.length === 0) return
    if (transactional) await delay(SHOWN_AFTER, undefined, { signal }).catch(() => {})
    ends = new Map([...outside, ...(await endsOf(admin, own))])
  }
}

function sumOf(ends: Ends): number {
  return [...ends.values()].reduce((sum, end) => sum + end, 0)
}

/** Resolves when the group, whoever its members are, has committed up to these ends; or when aborted. */
export async function reached(
  admin: BrokerAdmin,
  group: string,
  ends: Ends,
  signal: AbortSignal,
): Promise<void> {
  const topics = [...new Set([...ends.keys()].map((key) => key.slice(0, key.lastIndexOf('/'))))]
  const left = new Map(ends)
  while (!signal.aborted) {
    const committed = await retrying(() => admin.committed(group, topics), { when: isRetriable, signal })
    for (const { topic, partition, offset } of committed) {
      const end = left.get(`${topic}/${partition}`)
      if (end !== undefined && offset >= end) left.delete(`${topic}/${partition}`)
    }
    if (left.size === 0) return
    await delay(200, undefined, { signal }).catch(() => {})
  }
}
