import { structured } from '../contract/structured.ts'
import { MillraceError } from '../errors.ts'
import type { JoinNode, StreamJoinNode } from '../topology/join-nodes.ts'
import type { Node } from '../topology/nodes.ts'
import { isRekeyed, keyFormatOf, repartitionNode } from '../topology/repartition-nodes.ts'
import type { KeyValueSpec, WindowSpec } from '../topology/store.ts'
import { type Operator, type Place, type StepOptions, Stream } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import type { JoinWindows } from '../windows/join-windows.ts'

/** How the values of both sides are kept, and written where a repartition topic is needed. (StreamJoined) */
export interface StreamJoinOptions<L, R> extends StepOptions {
  /** Default: any structured value. */
  readonly left?: Format<L>
  /** Default: any structured value. */
  readonly right?: Format<R>
}

interface Said<L, R> {
  readonly name: string
  readonly type: StreamJoinNode['type']
  readonly windows: JoinWindows
  readonly join: unknown
  readonly singleStore?: boolean | undefined
  readonly options: StreamJoinOptions<L, R>
}

/** Behind `<name>-left` and `<name>-right`, repartition topics, where keys have changed. */
export function streamJoin<K, L, R, V>(said: Said<L, R>, other: Stream<unknown, R>): Operator<K, L, K, V> {
  const { name, type, windows, join, singleStore = false, options } = said
  return (stream) => {
    if (singleStore && stream.node !== other.node) {
      const message = `step "${name}" joins two streams, which need a store each: singleStore is for a stream joined with itself`
      throw new MillraceError('CONFIG', message, { step: name })
    }
    const sides = { left: formatOf(options.left), right: formatOf(options.right) }
    const [left, right] = parents(name, stream, other, sides)
    const key = keyFormatOf(left)
    const store = (side: keyof typeof sides) => windowSpec(`${name}-${side}`, key, sides[side], windows)
    const ownStore = store('left')
    const node: JoinNode = Object.freeze({
      kind: 'streamJoin',
      name,
      type,
      windows,
      join: join as StreamJoinNode['join'],
      onError: options.onError ?? 'dead-letter',
      left: ownStore,
      right: singleStore ? ownStore : store('right'),
      unmatched: type === 'inner' ? undefined : unmatchedSpec(`${name}-unmatched`, key),
      singleStore,
      parents: Object.freeze([left, right]),
    })
    return new Stream<K, V>(stream.graph.add(node), stream.graph)
  }
}

function parents(
  name: string,
  { node, graph }: Place,
  other: Place,
  value: Readonly<Record<'left' | 'right', Format<unknown>>>,
): [Node, Node] {
  const side = (said: Node, which: 'left' | 'right'): Node =>
    isRekeyed(said) ? graph.add(repartitionNode(said, `${name}-${which}`, { value: value[which] })) : said
  const left = side(node, 'left')
  // One topic is enough for a stream and itself.
  return [left, node === other.node ? left : side(other.node, 'right')]
}

function formatOf<V>(format: Format<V> | undefined): Format<unknown> {
  return (format ?? structured<V>()) as Format<unknown>
}

function windowSpec(
  name: string,
  key: Format<unknown>,
  value: Format<unknown>,
  { before, after, grace }: JoinWindows,
): WindowSpec {
  const size = before + after
  const spec = { kind: 'window', name, key, value, size, retention: size + grace } as const
  return Object.freeze({ ...spec, timestamped: false, duplicates: true })
}

/** Its values are either side's, each written in its own format. */
function unmatchedSpec(name: string, key: Format<unknown>): KeyValueSpec {
  return Object.freeze({ kind: 'key-value', name, key, value: structured(), timestamped: false })
}
