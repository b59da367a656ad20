import { retrying } from '../backoff.ts'
import { isRetriable, MillraceError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { BrokerAdmin } from '../ports.ts'
import type { Position } from '../record.ts'
import type { TaskState } from '../state/task-state.ts'
import { savedPosition } from './saved-positions.ts'

interface Asking {
  readonly admin: BrokerAdmin
  readonly log: Logger
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
  { admin, log, signal }: Asking,
): Promise<ReadonlyMap<string, number>> {
  const covered = new Map<string, number>()
  for (const { topic, partition, offset } of positions) {
    const saved = savedPosition(meta, topic)
    if (saved <= offset) continue
    const ranges = await retrying(() => admin.offsets(topic), { when: isRetriable, cap: 2000, signal })
    const end = ranges.find((range) => range.partition === partition)?.end ?? 0
    if (saved > end) throw ofAnotherTopic(task, { topic, partition, offset: saved }, end)
    covered.set(topic, saved)
    log.info({ task, topic, offset, saved }, 'the state covers what is read again')
  }
  return covered
}

function ofAnotherTopic(task: string, { topic, partition, offset }: Position, end: number): MillraceError {
  const message =
    `The state of task ${task} covers ${topic}/${partition} up to offset ${offset}, but that ends at ${end}: the state is ` +
    'of another cluster, or the topic was made anew. Give the worker another MILLRACE_STATE_DIR, or have ' +
    '`millrace reset` remove state and changelogs'
  return new MillraceError('DATA_LOSS', message, { topic, partition, offset })
}
