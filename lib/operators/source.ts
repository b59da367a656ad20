import { MillraceError } from '../errors.ts'
import type { Context, RawRecord } from '../record.ts'
import type { SourceNode } from '../topology/nodes.ts'
import type { TopicSerdes } from './sink.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

export type Read = (record: RawRecord) => void

/** Decodes, refuses what can't be decoded or is dated ahead of the clock, and hands the rest to the first step. */
export function sourceStep(
  node: SourceNode,
  next: Push,
  runtime: StepRuntime,
  { key, value }: TopicSerdes,
  now: () => number,
): Read {
  const decode = guarded(
    node,
    (raw: RawRecord, context: Context) => {
      if (raw.timestamp > now() + node.futureTolerance) throw dated(node)
      if (raw.value === null) throw new MillraceError('POISON', 'no value (tombstone)', { step: node.name })
      ;(context as { key: unknown }).key = raw.key === null ? null : key.decode(raw.key)
      return value.decode(raw.value)
    },
    runtime,
  )
  return (raw) => {
    const { timestamp, headers, topic, partition, offset } = raw
    const context: Context = { key: null, timestamp, headers, topic, partition, offset, raw }
    const decoded = decode(raw, context)
    if (decoded !== REFUSED) next(decoded, context)
  }
}

function dated(node: SourceNode): MillraceError {
  const message = `timestamp more than ${node.futureTolerance} ms ahead of the clock`
  return new MillraceError('REJECTED', message, { step: node.name })
}
