import { retrying } from '../backoff.ts'
import type { BrokerAdmin } from '../broker/broker.ts'
import { isRetriable } from '../errors.ts'
import type { Sink, SinkRow, TakenSink } from '../ports.ts'
import type { Node } from '../topology/nodes.ts'
import type { Counters } from './counters.ts'
import { requireReached } from './covered-positions.ts'
import type { RowWriter, RowWriters } from './deliver.ts'
import type { Stalls } from './stalls.ts'

const CURE = 'Have `millrace reset` forget what the table covers'

/** The same, each table reported when it does not come back. */
export function reported(writers: RowWriters, stalls: Stalls): RowWriters {
  const entries = [...writers].map(([node, write]) => {
    const writer: RowWriter = (...rows) => stalls.during(node.name, () => write(...rows))
    return [node, writer] as const
  })
  return new Map(entries)
}

/** The tables as they are: idempotent by key and write clock. */
export function rowWriters(sinks: ReadonlyMap<Node, Sink>): RowWriters {
  return new Map([...sinks].map(([node, sink]) => [node, plainly(sink)]))
}

export interface Taking {
  readonly admin: Pick<BrokerAdmin, 'offsets'>
  readonly counters: Counters
  readonly signal: AbortSignal
}

/**
 * The tables of one task, those that can keep positions taken from whoever had them before: what they have already is
 * not written again, and counted as `covered`.
 *
 * @throws MillraceError `DATA_LOSS` where a table covers more than the topic has ever held.
 */
export async function takenRowWriters(
  sinks: ReadonlyMap<Node, Sink>,
  task: string,
  taking: Taking,
): Promise<RowWriters> {
  const { counters, signal } = taking
  const writers = new Map<Node, RowWriter>()
  for (const [node, sink] of sinks) {
    const taken = await retrying(async () => sink.take?.(task), { when: isRetriable, cap: 2000, signal })
    for (const at of taken?.positions ?? []) {
      await requireReached(at, `The table of step "${node.name}", task ${task},`, CURE, taking)
    }
    const covered = (rows: number) => counters.add(node.name, 'covered', rows)
    writers.set(node, taken === undefined ? plainly(sink) : uncovered(taken, covered))
  }
  return writers
}

function plainly(sink: Sink): RowWriter {
  return (rows, _, signal) => sink.write(rows, signal)
}

function uncovered(taken: TakenSink, skipped: (rows: number) => void): RowWriter {
  const covered = new Map(
    taken.positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
  )
  const isNew = ({ origin }: SinkRow) =>
    origin.offset >= (covered.get(`${origin.topic}/${origin.partition}`) ?? 0)
  return async (rows, positions, signal) => {
    const fresh = covered.size === 0 ? rows : rows.filter(isNew)
    if (fresh.length < rows.length) skipped(rows.length - fresh.length)
    if (fresh.length > 0) await taken.write(fresh, positions, signal)
  }
}
