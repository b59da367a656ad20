import { responseSerde, subscriptionSerde } from '../contract/foreign-key-serdes.ts'
import { internalSerde } from '../contract/internal-serde.ts'
import { structured } from '../contract/structured.ts'
import type {
  ForeignKeyResolveNode,
  ForeignKeyRespondNode,
  ForeignKeySubscribeNode,
} from '../topology/join-nodes.ts'
import type { RepartitionNode } from '../topology/keyed-nodes.ts'
import type { ErrorPolicy, Node } from '../topology/nodes.ts'
import { keyFormatOf } from '../topology/repartition-nodes.ts'
import type { Place } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'

export interface ForeignKeyJoin extends Pick<ForeignKeySubscribeNode, 'name' | 'type' | 'foreignKey'> {
  readonly right: Place
  readonly join: ForeignKeyResolveNode['join']
  /** How the result's rows are kept; undefined: they are not. */
  readonly rows: Format<unknown> | undefined
  readonly onError: ErrorPolicy | undefined
}

/**
 * Adds the steps of a foreign-key join, with its topics between them: left, right, and left again, so that the result
 * is where the left rows are. Topics and store are named as Kafka Streams names them.
 */
export function foreignKeyNodes(
  { node: left, graph }: Place,
  { name, type, right, foreignKey, join, rows, onError = 'dead-letter' }: ForeignKeyJoin,
): ForeignKeyResolveNode {
  const key = keyFormatOf(left)
  const foreign = keyFormatOf(right.node)
  const subscription = subscriptionSerde(internalSerde(key)) as Format<unknown>
  const response = responseSerde(structured()) as Format<unknown>

  const subscribe: ForeignKeySubscribeNode = {
    kind: 'foreignKeySubscribe',
    name: `${name}-subscribe`,
    onError,
    parents: Object.freeze([left]),
    type,
    foreignKey,
    foreign,
  }
  const registration = topic(`${name}-subscription-registration-topic`, {
    parents: Object.freeze([graph.add(Object.freeze(subscribe))]),
    key: foreign,
    value: subscription,
    carries: 'subscriptions',
  })
  const respond: ForeignKeyRespondNode = {
    kind: 'foreignKeyRespond',
    name: `${name}-respond`,
    onError,
    parents: Object.freeze([graph.add(registration), right.node]),
    type,
    left: key,
    subscriptions: Object.freeze({
      kind: 'key-value',
      name: `${name}-subscription-store`,
      timestamped: false,
      key: foreign,
      value: subscription,
    }),
  }
  const responses = topic(`${name}-subscription-response-topic`, {
    parents: Object.freeze([graph.add(Object.freeze(respond)) as Node]),
    key,
    value: response,
    carries: 'responses',
  })
  const resolve: ForeignKeyResolveNode = {
    kind: 'foreignKeyResolve',
    name,
    onError,
    parents: Object.freeze([graph.add(responses), left]),
    type,
    join,
    foreignKey,
    matched:
      type === 'left' || rows !== undefined
        ? undefined
        : Object.freeze({
            kind: 'key-value',
            name: `${name}-matched`,
            timestamped: false,
            key,
            value: PRESENT,
          }),
    store: rows && Object.freeze({ kind: 'key-value', name, timestamped: true, key, value: rows }),
  }
  return graph.add(Object.freeze(resolve))
}

const NOTHING = Buffer.alloc(0)

/** What is kept of a key alone. */
const PRESENT: Format<unknown> = { encode: () => NOTHING, decode: () => true }

function topic(
  name: string,
  said: Pick<RepartitionNode, 'parents' | 'key' | 'value' | 'carries'>,
): RepartitionNode {
  return Object.freeze({ kind: 'repartition', name, onError: 'dead-letter', partitions: undefined, ...said })
}
