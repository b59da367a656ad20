import { MillraceError } from '../errors.ts'
import { type Context, isTimestamp, type RawRecord } from '../record.ts'
import type { InputNode } from '../topology/nodes.ts'
import type { TopicSerdes } from './sink.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

export type Read = (record: RawRecord) => void

/** Decodes, refuses what can't be decoded or is dated ahead of the clock, and hands the rest to the first step. */
export function sourceStep(
  node: InputNode,
  next: Push,
  runtime: StepRuntime,
  serdes: TopicSerdes,
  now: () => number,
): Read {
  const partitionTime = runtime.state.time(`${node.name}/partition`)
  const decode = guarded(
    node,
    (raw: RawRecord, context: Written) => {
      context.key = raw.key === null ? null : serdes.key.decode(raw.key)
      const value = bodyOf(node, raw, serdes)
      context.timestamp = timestampOf(node, value, context, partitionTime.seen)
      if (context.timestamp > now() + node.futureTolerance) throw dated(node)
      partitionTime.observe(context.timestamp)
      return value
    },
    runtime,
  )
  return (raw) => {
    const { timestamp, headers, topic, partition, offset } = raw
    const context: Context = { key: null, timestamp, headers, topic, partition, offset, raw }
    const decoded = decode(raw, context)
    if (decoded === REFUSED) return
    runtime.timers.read(context)
    next(decoded, context)
  }
}

/** A context that is not yet handed on. */
type Written = { -readonly [Name in keyof Context]: Context[Name] }

function bodyOf(node: InputNode, raw: RawRecord, { value }: TopicSerdes): unknown {
  if (raw.value !== null) return value.decode(raw.value)
  if (node.kind === 'table' || node.nullValues === 'pass') return null
  throw new MillraceError('POISON', 'no value (tombstone)', { step: node.name })
}

/** The record's time by the node's extractor and its policy for invalid ones. (TimestampExtractor) */
function timestampOf(node: InputNode, value: unknown, context: Context, partitionTime: number): number {
  const { timestamp: extract, invalidTimestamps } = node
  const said = extract === undefined ? context.timestamp : extract(value as never, context, partitionTime)
  if (isTimestamp(said)) return said
  if (invalidTimestamps === 'partition-time' && partitionTime >= 0) return partitionTime
  throw invalid(node)
}

/** With policy `fail` it is no fault of the record, and stops the worker. */
function invalid({ name, invalidTimestamps }: InputNode): MillraceError {
  const message = 'its timestamp is negative or no whole number'
  if (invalidTimestamps !== 'fail') return new MillraceError('REJECTED', message, { step: name })
  const cure = "mend the extractor, or set invalidTimestamps to 'dead-letter' or 'partition-time'"
  return new MillraceError('CONTRACT', `${message}: ${cure}`, { step: name })
}

function dated(node: InputNode): MillraceError {
  const message = `timestamp more than ${node.futureTolerance} ms ahead of the clock`
  return new MillraceError('REJECTED', message, { step: node.name })
}
