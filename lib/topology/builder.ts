import { structured } from '../contract/structured.ts'
import { type Duration, duration } from '../duration.ts'
import { type Rate, rate } from '../rate.ts'
import type { Context } from '../record.ts'
import { checkName } from './check-name.ts'
import { errorPolicy, lastResort } from './error-policy.ts'
import { withGuarantee } from './guarantee.ts'
import type {
  Guarantee,
  InvalidTimestamps,
  LastResort,
  Node,
  SourceNode,
  TimestampExtractor,
  Topology,
} from './nodes.ts'
import type { KeyValueSpec, VersionedSpec } from './store.ts'
import { type Entered, GlobalTable, type Graph, Stream, Table } from './stream.ts'
import type { GlobalTableNode, TableSourceNode } from './table-nodes.ts'
import type { Format, TopicTarget } from './topic.ts'
import { checkTopology } from './validate.ts'

/** What every input takes. */
export interface InputOptions<K, V> {
  /** Records dated further ahead than this become dead letters, or they would block later writes. Default 5m. */
  readonly futureTolerance?: Duration
  /**
   * When the record happened, in milliseconds since 1970. Default: the record's own timestamp. `partitionTime` is the
   * largest of the partition so far, -1 before the first. (TimestampExtractor)
   */
  readonly timestamp?: (value: V, context: Context<K>, partitionTime: number) => number
  /**
   * What becomes of a record whose timestamp is negative or no number: `dead-letter` (default); `fail` stops the
   * worker, as Kafka Streams' default does; `partition-time` takes the largest of the partition so far
   * (UsePartitionTimeOnInvalidTimestamp).
   */
  readonly invalidTimestamps?: InvalidTimestamps
  /**
   * What becomes of a record that can't be read: `dead-letter` (default); `skip` only counts it
   * (LogAndContinueExceptionHandler); `fail` stops the worker there, also after a restart (LogAndFailExceptionHandler,
   * Kafka Streams' default).
   */
  readonly onError?: LastResort
  /**
   * Most records that a worker reads of it in a second, all its partitions together: `500/s`, `30/m`. What waits stays
   * in the topic; several workers, or threads of one, read as many each. Default: no limit.
   */
  readonly rate?: Rate
}

export interface SourceOptions<K = never, V = never> extends InputOptions<K, V> {
  /** Where to begin when the group has no position yet. Default `earliest`: a new job misses nothing. */
  readonly startAt?: 'earliest' | 'latest' | 'error'
  /** Whether a record without a value is a dead letter (default), or goes on with null, as in Kafka Streams. */
  readonly nullValues?: 'dead-letter' | 'pass'
}

export interface TableOptions<K, V> extends InputOptions<K, V> {
  /** Keep older rows too, as far back as this: joins then look up the row of the record's own time. (KIP-889) */
  readonly history?: Duration
  /** `false`: updates only pass through; nothing behind it may ask for a row. Default true. */
  readonly materialize?: boolean
  /** How its rows are kept. Default: any structured value. */
  readonly value?: Format<V>
}

export interface Builder {
  /** A stream of a topic's records. `name` is the step's name, unique in the topology. */
  readonly source: {
    <K, V>(
      name: string,
      topic: TopicTarget<K, V>,
      options: SourceOptions<K, V> & { readonly nullValues: 'pass' },
    ): Stream<K, V | null>
    <K, V>(name: string, topic: TopicTarget<K, V>, options?: SourceOptions<K, V>): Stream<K, V>
  }
  /** A topic as a table: each record is its key's new row, a null deletes it. The name is also the store's. (KTable) */
  readonly table: <K, V>(
    name: string,
    topic: TopicTarget<K, V>,
    options?: TableOptions<K, V>,
  ) => Table<K, V, Entered<K, V>>
  /** A topic of which every worker holds all rows: joined by any key, without co-partitioning. (GlobalKTable) */
  readonly globalTable: <K, V>(name: string, topic: TopicTarget<K, V>) => GlobalTable<K, V>
}

export interface TopologyOptions {
  /** Where refused records go. Default: topic `<name>.dlq` with one partition. */
  readonly deadLetters?: { readonly topic?: string; readonly partitions?: number }
  /** What it runs with unless the command line says otherwise. Default `at-least-once`. */
  readonly guarantee?: Guarantee
}

/**
 * Says a topology. Runs `define` once, connects to nothing, and returns frozen plain data.
 *
 * @throws MillraceError `CONFIG` when a name is missing, malformed or used twice, or a branch has no sink.
 */
export function topology(
  name: string,
  define: (builder: Builder) => void,
  options: TopologyOptions = {},
): Topology {
  checkName('topology', name)
  const nodes: Node[] = []
  const graph: Graph = {
    add<N extends Node>(node: N): N {
      nodes.push(node)
      return node
    },
  }
  define(builderOf(graph))
  const plain: Topology = {
    name,
    guarantee: 'at-least-once',
    nodes: Object.freeze(nodes),
    deadLetters: Object.freeze({
      topic: options.deadLetters?.topic ?? `${name}.dlq`,
      partitions: options.deadLetters?.partitions ?? 1,
    }),
  }
  checkTopology(plain)
  const built = Object.freeze(withGuarantee(plain, options.guarantee ?? plain.guarantee))
  if (built !== plain) checkTopology(built)
  return built
}

function builderOf(graph: Graph): Builder {
  return {
    source: <K, V>(name: string, topic: TopicTarget<K, V>, options: SourceOptions<K, V> = {}) => {
      const { startAt = 'earliest', nullValues = 'dead-letter' } = options
      const node: SourceNode = Object.freeze({
        kind: 'source',
        name,
        topic: erased(topic),
        startAt,
        nullValues,
        ...inputOptions(name, options),
      })
      return new Stream<K, V>(graph.add(node), graph)
    },
    table: <K, V>(name: string, topic: TopicTarget<K, V>, options: TableOptions<K, V> = {}) => {
      const node: TableSourceNode = Object.freeze({
        kind: 'table',
        name,
        topic: erased(topic),
        startAt: 'earliest',
        store: options.materialize === false ? undefined : tableStore(name, topic.key, options),
        ...inputOptions(name, options),
      })
      return new Table<K, V, Entered<K, V>>(graph.add(node), graph)
    },
    globalTable: <K, V>(name: string, topic: TopicTarget<K, V>) => {
      const store = tableStore(name, topic.key, {}) as KeyValueSpec
      const node: GlobalTableNode = Object.freeze({ kind: 'globalTable', name, topic: erased(topic), store })
      return new GlobalTable<K, V>(graph.add(node))
    },
  }
}

/** The store of a table: rows with their timestamps, or with `history` their versions. */
export function tableStore<K, V>(
  name: string,
  key: Format<K>,
  { history, value }: Pick<TableOptions<K, V>, 'history' | 'value'>,
): KeyValueSpec | VersionedSpec {
  const formats = { name, key: key as Format<unknown>, value: (value ?? structured()) as Format<unknown> }
  return Object.freeze(
    history === undefined
      ? { kind: 'key-value', timestamped: true, ...formats }
      : { kind: 'versioned', history: duration(history), ...formats },
  )
}

function inputOptions<K, V>(name: string, options: InputOptions<K, V>) {
  const { futureTolerance = '5m', timestamp, invalidTimestamps = 'dead-letter' } = options
  return {
    futureTolerance: duration(futureTolerance),
    ...(options.rate !== undefined && { rate: rate(options.rate) }),
    ...(options.onError !== undefined && { onError: lastResort(errorPolicy(name, options.onError)) }),
    ...(timestamp && { timestamp: timestamp as TimestampExtractor }),
    invalidTimestamps,
  }
}

function erased<K, V>(topic: TopicTarget<K, V>): TopicTarget<unknown, unknown> {
  return topic as TopicTarget<unknown, unknown>
}
