import { type Clock, TokenBucket } from '../token-bucket.ts'
import type { Node, Topology } from '../topology/nodes.ts'
import type { Outbox } from './outbox.ts'

/** The buckets of the steps that have a rate: one a step, shared by all tasks of a worker. */
export type Rates = ReadonlyMap<Node, TokenBucket>

export function ratesOf({ nodes }: Pick<Topology, 'nodes'>, clock?: Clock): Rates {
  return new Map(
    nodes.flatMap((node) =>
      'rate' in node && node.rate !== undefined ? [[node, new TokenBucket(node.rate, clock)]] : [],
    ),
  )
}

/** How fast a task may read and write. */
export interface Pace {
  /** The most records of a micro-batch. */
  readonly portion: number
  /** How fast each topic may be read, where there is a limit. */
  readonly topics: ReadonlyMap<string, TokenBucket>
  /** Resolves when all of a micro-batch's output may be written. */
  allow(outbox: Outbox, signal: AbortSignal): Promise<void>
}

export function paceOf(nodes: readonly Node[], rates: Rates = new Map()): Pace {
  const limited = nodes.flatMap((node) => {
    const bucket = rates.get(node)
    return bucket === undefined ? [] : [{ node, bucket }]
  })
  const topics = limited.flatMap(({ node, bucket }) =>
    node.kind === 'source' || node.kind === 'table' ? [[node.topic.name, bucket] as const] : [],
  )
  return {
    portion: Math.min(Number.POSITIVE_INFINITY, ...limited.map(portionOf)),
    topics: new Map(topics),
    allow: async (outbox, signal) => {
      if (limited.length > topics.length) await allow(outbox, rates, signal)
    },
  }
}

/**
 * A tenth of a second's of a source, so that it is read steadily; a second's of a sink, so that one that few records
 * come to does not make micro-batches needlessly small.
 */
function portionOf({ node, bucket }: { readonly node: Node; readonly bucket: TokenBucket }): number {
  return Math.max(1, Math.ceil(node.kind === 'sink' ? bucket.perSecond : bucket.perSecond / 10))
}

async function allow({ records, rows }: Outbox, rates: Rates, signal: AbortSignal): Promise<void> {
  const counts = new Map<Node, number>([...rows].map(([node, own]) => [node, own.length]))
  for (const { node } of records) counts.set(node, (counts.get(node) ?? 0) + 1)
  await Promise.all([...counts].map(([node, count]) => rates.get(node)?.wait(count, signal)))
}
