import { setTimeout as delay } from 'node:timers/promises'
import type { BrokerAdmin, OffsetRange } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import type { Position } from '../record.ts'
import type { KeptState } from './checkpoint.ts'

/** Nobody is kept from a rebalance, or from stopping, by a broker that is away. Milliseconds. */
const PATIENCE = 2000

/** A task that has ended with all it did committed: up to these positions. */
export interface EndedTask {
  readonly state: KeptState
  readonly positions: readonly Position[]
}

/**
 * Notes in each state that it holds all of its changelogs as they are now, so that whoever goes on with it, here or in
 * another life, reads only what others have written since. That nobody else has by now is what the group says by taking
 * the positions once more.
 */
export async function sealEnds(
  tasks: readonly EndedTask[],
  admin: Pick<BrokerAdmin, 'offsets'>,
  commit: (positions: readonly Position[]) => Promise<void>,
): Promise<void> {
  if (tasks.length === 0) return
  const asked = new Map<string, Promise<readonly OffsetRange[]>>()
  const offsets = (topic: string) => {
    const answer = asked.get(topic) ?? admin.offsets(topic)
    asked.set(topic, answer)
    return answer
  }
  const confirmed = async () => {
    await Promise.all(tasks.map(({ state }) => state.ends.askNow(offsets)))
    await commit(tasks.flatMap(({ positions }) => positions))
    return true
  }
  const answered = confirmed().catch((error: unknown) => {
    if (error instanceof MillraceError) return false
    throw error
  })
  answered.catch(() => {})
  const enough = new AbortController()
  const late = delay(PATIENCE, false, { signal: enough.signal }).catch(() => false)
  // Without an answer a little more is read again.
  if (!(await Promise.race([answered, late]).finally(() => enough.abort()))) return
  const saving = tasks.map(({ state: { ends, backend } }) => {
    ends.committed()
    return backend.save({ ...backend.meta, ...ends.known })
  })
  await Promise.all(saving)
}
