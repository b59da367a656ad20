import { internalSerde } from '../contract/internal-serde.ts'
import { stringKey } from '../contract/serde.ts'
import { structured } from '../contract/structured.ts'
import { windowedKey } from '../contract/windowed-key.ts'
import type { AggregateNode, RepartitionNode } from './keyed-nodes.ts'
import { type Node, parentsOf } from './nodes.ts'
import type { Place } from './stream.ts'
import type { Format } from './topic.ts'

/**
 * Whether the records may lie in other partitions than their keys belong to: a step behind the last topic has changed
 * keys. (`repartitionRequired` of KStreamImpl)
 */
export function isRekeyed(node: Node): boolean {
  switch (node.kind) {
    case 'keyBy':
    case 'rx':
      return true
    case 'process':
      return node.keys === 'changed' || isRekeyed(node.parents[0]!)
    case 'drops':
      // They have the keys with which they came to the step that left them out.
      return node.parents.flatMap(parentsOf).some(isRekeyed)
    case 'source':
    case 'table':
    case 'globalTable':
    case 'repartition':
      return false
    default:
      return parentsOf(node).some(isRekeyed)
  }
}

/** How the keys at this place are written: as in the topic they came from, or as the last `keyBy` says. */
export function keyFormatOf(node: Node): Format<unknown> {
  switch (node.kind) {
    case 'source':
    case 'table':
    case 'globalTable':
      return node.topic.key
    case 'keyBy':
    case 'repartition':
      return node.key
    case 'aggregate':
      return windowedFormat(node)
    case 'drops':
      // They have the keys with which they came to the step that left them out.
      return keyFormatOf(parentsOf(node.parents[0]!)[0] ?? node.parents[0]!)
    case 'process':
      return node.key ?? keyFormatOf(node.parents[0]!)
    default: {
      const [parent] = parentsOf(node)
      return parent === undefined ? (stringKey as Format<unknown>) : keyFormatOf(parent)
    }
  }
}

function windowedFormat({ store, window }: AggregateNode): Format<unknown> {
  return window === undefined ? store.key : (windowedKey(internalSerde(store.key)) as Format<unknown>)
}

/**
 * The node that a step which needs its keys together has to follow: the place itself or, behind a changed key, a
 * repartition topic named for that step. A step inserted elsewhere renames nothing.
 */
export function keyed(place: Place, step: string): Node {
  return isRekeyed(place.node) ? place.graph.add(repartitionNode(place.node, step)) : place.node
}

export interface RepartitionSaid {
  readonly key?: Format<unknown> | undefined
  readonly value?: Format<unknown> | undefined
  readonly partitions?: number | undefined
  readonly carries?: RepartitionNode['carries']
}

/** `name` is that of the topic, without application and ending; the step is called `<name>-repartition`. */
export function repartitionNode(parent: Node, name: string, said: RepartitionSaid = {}): RepartitionNode {
  return Object.freeze({
    kind: 'repartition',
    name: `${name}-repartition`,
    onError: 'dead-letter',
    parents: Object.freeze([parent]),
    key: said.key ?? keyFormatOf(parent),
    value: said.value ?? structured(),
    partitions: said.partitions,
    carries: said.carries ?? 'records',
  })
}

/** The topic's name on the broker, as Kafka Streams names it. */
export function repartitionTopic(application: string, { name }: RepartitionNode): string {
  return `${application}-${name}`
}
