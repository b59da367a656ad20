import { backoffDelay, pause, retrying } from '../backoff.ts'
import { bisect } from '../bisect.ts'
import type { BrokerProducer } from '../broker/broker.ts'
import { isRetriable, MillraceError, messageOf, place } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import type { SinkRow } from '../ports.ts'
import type { OutRecord, Position, RawRecord } from '../record.ts'
import { retryOf } from '../topology/error-policy.ts'
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

/** For what goes out without a producer of its own: rows, and records in a transaction. */
export type RowOutputs = Omit<Outputs, 'producer'>

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
  outputs: RowOutputs,
  rows: RowWriters,
  positions: readonly Position[],
  signal: AbortSignal,
): Promise<OutRecord[]> {
  const letters = [...outbox.letters]
  const refuse = refusing(outputs, letters)
  const writing = [...outbox.rows].map(([node, own]) => {
    const writer = rows.get(node)!
    return write(
      node,
      own,
      outputs,
      (left, whole) => writer(left, whole ? positions : [], signal),
      refuse,
      signal,
    )
  })
  await Promise.all(writing)
  return letters
}

function refusing({ refusals }: RowOutputs, letters: OutRecord[]): Refuse {
  return (error, origin) => {
    const letter = refusals.handle(error, origin)
    if (letter !== undefined) letters.push(letter)
  }
}

type Refuse = (error: MillraceError, origin: Origin) => void

/** Neighbours of what is refused may be written twice. */
async function sendSome(
  outgoing: readonly Outgoing[],
  outputs: Outputs,
  refuse: Refuse,
  signal: AbortSignal,
): Promise<void> {
  const send = async (part: readonly Outgoing[]): Promise<MillraceError | undefined> => {
    try {
      await sendAll(
        part.map(({ record }) => record),
        outputs,
        signal,
      )
    } catch (error) {
      if (isRefusal(error)) return error
      throw error
    }
    countWritten(part, outputs.counters)
    return undefined
  }
  for (const { item, refusal } of await bisect(outgoing, send)) refuse(refusal, item)
}

/** By the steps that wrote them: neighbours are mostly of one. */
export function countWritten(outgoing: readonly Outgoing[], counters: Counters): void {
  let from = 0
  for (let at = 1; at <= outgoing.length; at++) {
    const { node } = outgoing[from]!
    if (at < outgoing.length && outgoing[at]!.node === node) continue
    counters.add(node.name, 'written', at - from)
    from = at
  }
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

/**
 * Without the rows that the table refuses, however many, and as often as the step's policy says. Once some are given up,
 * no position goes with the others: it would cover records whose dead letters are not yet written.
 */
async function write(
  node: SinkNode,
  rows: readonly OutgoingRow[],
  { counters }: RowOutputs,
  writeRows: (rows: readonly SinkRow[], whole: boolean) => Promise<void>,
  refuse: Refuse,
  signal: AbortSignal,
): Promise<void> {
  const policy = retryOf(node)
  let left = rows
  for (let attempt = 1; left.length > 0; attempt++) {
    try {
      await writeRows(
        left.map(({ row }) => row),
        left === rows,
      )
      counters.add(node.name, 'written', left.length)
      return
    } catch (error) {
      const refusals = refusalsOf(error, left)
      if (refusals.size === 0) throw error
      if (policy !== undefined && attempt <= policy.retry) {
        counters.add(node.name, 'retried', refusals.size)
        await pause(backoffDelay(attempt, policy.backoff, policy.maxBackoff), signal)
        continue
      }
      for (const { error: reason, raw } of refusals.values()) refuse(reason, { node, raw })
      left = left.filter(({ row }) => !refusals.has(place(row.origin)))
    }
  }
}

/** The records whose rows a table refuses, each once, by place: none for any other error. */
function refusalsOf(error: unknown, rows: readonly OutgoingRow[]) {
  const refused = new Map<string, { readonly error: MillraceError; readonly raw: RawRecord }>()
  if (!isRefusal(error)) return refused
  const records = new Map(rows.map(({ row, raw }) => [place(row.origin), raw]))
  for (const one of error.errors.length > 0 ? error.errors : [error]) {
    const raw = records.get(place(one.at))
    if (raw !== undefined && !refused.has(place(one.at))) refused.set(place(one.at), { error: one, raw })
  }
  return refused
}

/** What the same write would meet again. */
export function isRefusal(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === 'WRITE' && !error.retriable
}
