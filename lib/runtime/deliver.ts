import { retrying } from '../backoff.ts'
import { isRetriable, MillraceError, messageOf } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import type { BrokerProducer, Sink } from '../ports.ts'
import type { Node, SinkNode } from '../topology/nodes.ts'
import type { Counters } from './counters.ts'
import { Outbox } from './outbox.ts'
import type { Refusals } from './refusals.ts'

export interface Outputs {
  readonly producer: BrokerProducer
  readonly sinks: ReadonlyMap<Node, Sink>
  readonly refusals: Refusals
  readonly counters: Counters
  readonly log: Logger
}

/** Resolves when every sink has acknowledged all of it; what a sink will never take has gone to the dead letters. */
export async function deliver(outbox: Outbox, outputs: Outputs, signal: AbortSignal): Promise<void> {
  await Promise.all([
    send(outbox, outputs, signal),
    ...[...outbox.rows].map(([node, rows]) => write(node, rows, outputs, signal)),
  ])
}

async function send(outbox: Outbox, outputs: Outputs, signal: AbortSignal): Promise<void> {
  const { producer, log, counters } = outputs
  if (outbox.records.length === 0) return
  const rarely = atMostEvery(5000)
  try {
    await retrying(() => producer.send(outbox.records), {
      when: isRetriable,
      onRetry: (error) =>
        rarely(() => log.warn({}, `broker does not take records, trying again: ${messageOf(error)}`)),
      signal,
    })
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'WRITE') throw error
    await divide(outbox, error, outputs, signal)
    return
  }
  for (const origin of outbox.origins) counters.add(origin?.node.name ?? 'dead-letters', 'written')
}

/** Halves what was refused as a whole until the culprit stands alone, and sends that one to the dead letters. */
async function divide(
  outbox: Outbox,
  error: MillraceError,
  outputs: Outputs,
  signal: AbortSignal,
): Promise<void> {
  const rest = new Outbox()
  if (outbox.records.length === 1) {
    const origin = outbox.origins[0]
    if (origin === undefined) throw error
    const letter = outputs.refusals.handle(error, origin)
    if (letter !== undefined) rest.addRecord(letter)
    await send(rest, outputs, signal)
    return
  }
  const middle = outbox.records.length >> 1
  for (const [from, to] of [
    [0, middle],
    [middle, outbox.records.length],
  ] as const) {
    const half = new Outbox()
    for (let i = from; i < to; i++) half.addRecord(outbox.records[i]!, outbox.origins[i])
    await send(half, outputs, signal)
  }
}

async function write(
  node: SinkNode,
  entries: Outbox['rows'] extends Map<SinkNode, infer E> ? E : never,
  outputs: Outputs,
  signal: AbortSignal,
): Promise<void> {
  const sink = outputs.sinks.get(node)!
  let left = entries
  while (left.length > 0) {
    try {
      await sink.write(
        left.map(({ row }) => row),
        signal,
      )
      outputs.counters.add(node.name, 'written', left.length)
      return
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'WRITE' || error.at.offset === undefined)
        throw error
      const refused = left.filter(({ raw }) => raw.offset === error.at.offset)
      if (refused.length === 0) throw error
      const letters = new Outbox()
      for (const { raw } of refused.slice(0, 1)) {
        const letter = outputs.refusals.handle(error, { node, raw })
        if (letter !== undefined) letters.addRecord(letter)
      }
      await send(letters, outputs, signal)
      left = left.filter((entry) => !refused.includes(entry))
    }
  }
}
