import { partitionFor } from '../broker/partitioner.ts'
import type { OutRecord, RawRecord } from '../record.ts'

/** The topics of a test: every record that was written, by partition. */
export class TopicLogs {
  readonly #partitionsOf: (topic: string) => number
  readonly #logs = new Map<string, RawRecord[][]>()

  constructor(partitionsOf: (topic: string) => number) {
    this.#partitionsOf = partitionsOf
  }

  /** A record without a key goes to partition 0, so that a test is the same each time. */
  append({ topic, partition, key, value, timestamp, headers }: OutRecord): RawRecord {
    const partitions = this.of(topic)
    const chosen = partition ?? (key === null ? 0 : partitionFor(key, partitions.length))
    const log = partitions[chosen]!
    const record = { topic, partition: chosen, offset: log.length, key, value, timestamp, headers }
    log.push(record)
    return record
  }

  of(topic: string): readonly RawRecord[][] {
    const known = this.#logs.get(topic)
    if (known !== undefined) return known
    const made = Array.from({ length: this.#partitionsOf(topic) }, (): RawRecord[] => [])
    this.#logs.set(topic, made)
    return made
  }
}
