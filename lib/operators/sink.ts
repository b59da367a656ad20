import { LARGEST_CONTENT } from '../broker/record-size.ts'
import type { Serde } from '../contract/serde.ts'
import { MillraceError } from '../errors.ts'
import type { SinkTarget } from '../ports.ts'
import { type Rate, rate } from '../rate.ts'
import type { Context } from '../record.ts'
import { isTopic, type SinkNode } from '../topology/nodes.ts'
import type { RetryOptions, Terminal } from '../topology/stream.ts'
import type { TopicTarget } from '../topology/topic.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

export interface SinkOptions extends RetryOptions {
  /**
   * Most records or rows that a worker writes in a second, all its tasks together: `500/s`, `30/m`. What waits holds its
   * inputs back, and memory stays as it is; several workers, or threads of one, write as many each. Default: no limit.
   */
  readonly rate?: Rate
}

/**
 * Writes to a topic or a table. The record's position is committed only after the write is acknowledged
 * (at-least-once). Key, timestamp and headers go along to a topic.
 */
export function sink<K, V>(
  name: string,
  target: TopicTarget<K, V> | SinkTarget<V>,
  { rate: said, ...options }: SinkOptions = {},
): Terminal<K, V> {
  const limit = said === undefined ? {} : { rate: rate(said) }
  return (stream) => {
    const node = { kind: 'sink', name, target: target as SinkNode['target'], ...limit } as const
    return { node: stream.add(node, options) }
  }
}

export interface TopicSerdes {
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

export function sinkStep(node: SinkNode, runtime: StepRuntime, serdes: TopicSerdes | undefined): Push {
  return isTopic(node.target) ? topicStep(node, runtime, serdes!) : rowStep(node, runtime)
}

function topicStep(node: SinkNode, runtime: StepRuntime, { key, value }: TopicSerdes): Push {
  const topic = node.target.name
  const limit = largestContent(node)
  const encode = guarded(
    node,
    (out: unknown, context: Context) => {
      const keyBytes = context.key == null ? null : key.encode(context.key)
      const valueBytes = out == null ? null : value.encode(out)
      if ((keyBytes?.length ?? 0) + (valueBytes?.length ?? 0) > limit) {
        throw new MillraceError('REJECTED', `too large for topic ${topic}: over ${limit} bytes`, {
          step: node.name,
        })
      }
      return {
        topic,
        key: keyBytes,
        value: valueBytes,
        timestamp: context.timestamp,
        headers: context.headers,
      }
    },
    runtime,
  )
  return (out, context) => {
    const record = encode(out, context)
    if (record !== REFUSED) runtime.emit(node, record, context)
  }
}

/** More than Kafka's default where the topic is said to take more; that it takes less, the broker will say. */
function largestContent({ target }: SinkNode): number {
  const said = isTopic(target) ? target.config['max.message.bytes'] : undefined
  return Math.max(LARGEST_CONTENT, Number(said ?? 0))
}

function rowStep(node: SinkNode, runtime: StepRuntime): Push {
  return (out, context) => {
    if (out !== null && typeof out !== 'object') {
      const error = new MillraceError('REJECTED', `a row must be an object, got ${typeof out}`, {
        step: node.name,
      })
      runtime.refuse(node, error, context)
      return
    }
    const { key, timestamp, headers, topic, partition, offset } = context
    const value = out as Record<string, unknown> | null
    runtime.emitRow(node, { value, key, timestamp, headers, origin: { topic, partition, offset } }, context)
  }
}
