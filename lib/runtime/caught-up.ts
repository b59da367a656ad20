import { setTimeout as delay } from 'node:timers/promises'
import { retrying } from '../backoff.ts'
import { isRetriable } from '../errors.ts'
import type { BrokerAdmin } from '../ports.ts'

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
