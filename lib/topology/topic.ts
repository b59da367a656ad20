import type { Contract } from '../contract/avro.ts'
import { type Serde, stringKey } from '../contract/serde.ts'

/** How one side (key or value) of a topic's records is read and written. */
export type Format<T> = Contract<T> | Serde<T>

/** For people. A format in code that does not say what it writes is `bytes`. */
export function formatName(format: Format<unknown>): string {
  return 'encode' in format ? (format.writes ?? 'bytes') : `Avro ${format.name} v${format.version}`
}

/** What a topology file says about a topic: plain data. */
export interface TopicTarget<K, V> {
  readonly connector: 'broker'
  readonly name: string
  readonly key: Format<K>
  readonly value: Format<V>
  readonly partitions: number
  readonly partitioner: string
  readonly config: Readonly<Record<string, string>>
}

export interface TopicOptions<K, V> {
  /** Default: UTF-8 text. */
  readonly key?: Format<K>
  readonly value: Format<V>
  /** Used by `millrace apply` when it makes the topic. Default 4. */
  readonly partitions?: number
  /**
   * How those who write the topic choose the partition of a key. Default `murmur2`, as Kafka's Java client and this
   * library do. Clients on librdkafka do not, unless told to: name theirs, and joins with other topics are refused.
   */
  readonly partitioner?: string
  /** Broker settings by their Kafka names. `retention.ms` is -1 unless stated: see DECISIONS 0003. */
  readonly config?: Readonly<Record<string, string>>
}

/** A topic of a broker (Kafka), with the contract of its records. Exported to users as `kafka`. */
export function topic<V>(
  name: string,
  options: TopicOptions<string, V> & { key?: never },
): TopicTarget<string, V>
export function topic<K, V>(name: string, options: TopicOptions<K, V>): TopicTarget<K, V>
export function topic<K, V>(name: string, options: TopicOptions<K, V>): TopicTarget<K, V> {
  return Object.freeze({
    connector: 'broker' as const,
    name,
    key: options.key ?? (stringKey as unknown as Serde<K>),
    value: options.value,
    partitions: options.partitions ?? 4,
    partitioner: options.partitioner ?? 'murmur2',
    config: Object.freeze({ 'retention.ms': '-1', ...options.config }),
  })
}
