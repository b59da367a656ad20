import { retrying } from '../backoff.ts'
import type { BrokerAdmin } from '../broker/broker.ts'
import { isRetriable, MillraceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Position } from '../record.ts'
import type { TaskState } from '../state/task-state.ts'
import { savedPosition } from './saved-positions.ts'

const CURE =
  'Give the worker another MILLRACE_STATE_DIR, or have `millrace reset` remove state and changelogs'

interface Asking {
  readonly admin: Pick<BrokerAdmin, 'offsets'>
  readonly signal: AbortSignal
}

/**
 * How far the state is ahead of the group's positions, by topic: a crash came between saving and committing.
 *
 * @throws MillraceError `DATA_LOSS` for state of a topic that is not this one: skipping what it covers would lose records.
 */
export async function coveredBy(
  { task, meta }: TaskState,
  positions: readonly Position[],
  { log, ...asking }: Asking & { readonly log: Logger },
): Promise<ReadonlyMap<string, number>> {
  const covered = new Map<string, number>()
  for (const { topic, partition, offset } of positions) {
    const saved = savedPosition(meta, topic)
    if (saved <= offset) continue
    await requireReached({ topic, partition, offset: saved }, `The state of task ${task}`, CURE, asking)
    covered.set(topic, saved)
    log.info({ task, topic, offset, saved }, 'the state covers what is read again')
  }
  return covered
}

/**
 * What covers an offset has been at its topic: if that has never been so long, it was at another one.
 *
 * @throws MillraceError `DATA_LOSS`; `what` says what covers it.
 */
export async function requireReached(
  at: Position,
  what: string,
  cure: string,
  { admin, signal }: Asking,
): Promise<void> {
  const { topic, partition, offset } = at
  const ranges = await retrying(() => admin.offsets(topic), { when: isRetriable, cap: 2000, signal })
  const end = ranges.find((range) => range.partition === partition)?.end ?? 0
  if (offset <= end) return
  const message =
    `${what} covers ${topic}/${partition} up to offset ${offset}, but that ends at ${end}: it is of another cluster, or ` +
    `the topic was made anew. ${cure}`
  throw new MillraceError('DATA_LOSS', message, { topic, partition, offset })
}
