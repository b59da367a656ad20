import { retrying } from '../backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import type { BrokerProducer, SinkRow } from '../ports.ts'
import type { OutRecord, Position } from '../record.ts'
import type { Node, SinkNode } from '../topology/nodes.ts'
import type { Counters } from './counters.ts'
import type { Origin, Outbox, Outgoing, OutgoingRow } from './outbox.ts'
import type { Refusals } from './refusals.ts'

export interface Outputs {
  readonly producer: BrokerProducer
  readonly refusals: Refusals
  readonly counters: Counters
  readonly log: Logger
}

/** Writes rows of a micro-batch that ends at these positions. */
export type RowWriter = (
  rows: readonly SinkRow[],
  positions: readonly Position[],
  signal: AbortSignal,
) => Promise<void>

export type RowWriters = ReadonlyMap<Node, RowWriter>

/** Resolves when every sink has acknowledged all of it; what a sink will never take has gone to the dead letters. */
export async function deliver(
  outbox: Outbox,
  outputs: Outputs,
  rows: RowWriters,
  positions: readonly Position[],
  signal: AbortSignal,
): Promise<void> {
  const letters: OutRecord[] = []
  const refuse = refusing(outputs, letters)
  const [ofRows] = await Promise.all([
    deliverRows(outbox, outputs, rows, positions, signal),
    sendSome(outbox.records, outputs, refuse, signal),
  ])
  // Last, and once: what is sent again around a refused record must not make a second dead letter of another.
  await sendAll([...ofRows, ...letters, ...outbox.markers], outputs, signal)
  outputs.counters.add('dead-letters', 'written', ofRows.length + letters.length)
}

/** Resolves when every table has acknowledged its rows, with the dead letters that are now to be written. */
export async function deliverRows(
  outbox: Outbox,
  outputs: Outputs,
  rows: RowWriters,
  positions: readonly Position[],
  signal: AbortSignal,
): Promise<OutRecord[]> {
  const letters = [...outbox.letters]
  const refuse = refusing(outputs, letters)
  const writing = [...outbox.rows].map(([node, own]) => {
    const writer = rows.get(node)!
    return write(node, own, outputs, (left) => writer(left, positions, signal), refuse)
  })
  await Promise.all(writing)
  return letters
}

function refusing({ refusals }: Outputs, letters: OutRecord[]): Refuse {
  return (error, origin) => {
    const letter = refusals.handle(error, origin)
    if (letter !== undefined) letters.push(letter)
  }
}

type Refuse = (error: MillraceError, origin: Origin) => void

/** Halves what was refused as a whole until the culprit stands alone. Its neighbours may be written twice. */
async function sendSome(
  outgoing: readonly Outgoing[],
  outputs: Outputs,
  refuse: Refuse,
  signal: AbortSignal,
): Promise<void> {
  try {
    await sendAll(
      outgoing.map(({ record }) => record),
      outputs,
      signal,
    )
  } catch (error) {
    if (!isRefusal(error)) throw error
    if (outgoing.length === 1) {
      refuse(error, outgoing[0]!.origin)
      return
    }
    const middle = outgoing.length >> 1
    await sendSome(outgoing.slice(0, middle), outputs, refuse, signal)
    await sendSome(outgoing.slice(middle), outputs, refuse, signal)
    return
  }
  for (const { origin } of outgoing) outputs.counters.add(origin.node.name, 'written')
}

/** Waits for the broker as long as it takes. Rejects for a record that it will never take. */
export async function sendAll(
  records: readonly OutRecord[],
  outputs: Outputs,
  signal: AbortSignal,
): Promise<void> {
  if (records.length === 0) return
  const { producer, log } = outputs
  const rarely = atMostEvery(5000)
  await retrying(() => producer.send(records), {
    when: isRetriable,
    onRetry: (error) =>
      rarely(() => log.warn({}, `broker does not take records, trying again: ${messageOf(error)}`)),
    signal,
  })
}

async function write(
  node: SinkNode,
  rows: readonly OutgoingRow[],
  { counters }: Outputs,
  writeRows: (rows: readonly SinkRow[]) => Promise<void>,
  refuse: Refuse,
): Promise<void> {
  let left = rows
  while (left.length > 0) {
    try {
      await writeRows(left.map(({ row }) => row))
      counters.add(node.name, 'written', left.length)
      return
    } catch (error) {
      const refused = isRefusal(error) ? left.filter(({ raw }) => raw.offset === error.at.offset) : []
      if (!isRefusal(error) || refused.length === 0) throw error
      refuse(error, { node, raw: refused[0]!.raw })
      left = left.filter((row) => !refused.includes(row))
    }
  }
}

/** What the same write would meet again. */
export function isRefusal(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === 'WRITE' && !error.retriable
}
