import { retrying } from '../backoff.ts'
import { isRetriable } from '../errors.ts'
import type { Sink, SinkRow, TakenSink } from '../ports.ts'
import type { Node } from '../topology/nodes.ts'
import type { RowWriter, RowWriters } from './deliver.ts'
import type { Stalls } from './stalls.ts'

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

/**
 * The tables of one task, those that can keep positions taken from whoever had them before: what they have already is
 * not written again.
 */
export async function takenRowWriters(
  sinks: ReadonlyMap<Node, Sink>,
  task: string,
  signal: AbortSignal,
): Promise<RowWriters> {
  const writers = new Map<Node, RowWriter>()
  for (const [node, sink] of sinks) {
    const taken = await retrying(async () => sink.take?.(task), { when: isRetriable, cap: 2000, signal })
    writers.set(node, taken === undefined ? plainly(sink) : uncovered(taken))
  }
  return writers
}

function plainly(sink: Sink): RowWriter {
  return (rows, _, signal) => sink.write(rows, signal)
}

function uncovered(taken: TakenSink): RowWriter {
  const covered = new Map(
    taken.positions.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
  )
  const isNew = ({ origin }: SinkRow) =>
    origin.offset >= (covered.get(`${origin.topic}/${origin.partition}`) ?? 0)
  return async (rows, positions, signal) => {
    const fresh = covered.size === 0 ? rows : rows.filter(isNew)
    if (fresh.length > 0) await taken.write(fresh, positions, signal)
  }
}
