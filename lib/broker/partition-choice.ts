import { MillraceError } from '../errors.ts'
import type { OutRecord } from '../record.ts'
import { partitionFor } from './partitioner.ts'
import { recordSize } from './record-size.ts'

/** A record that will go to this partition at every attempt. */
export interface PlacedRecord extends OutRecord {
  readonly partition: number
}

/** How many partitions a topic has; where `atLeast` says that what is known must be old, asked again. */
export interface PartitionCounts {
  of(topic: string, atLeast: number): Promise<number>
}

/** As Kafka's default partitioner: keyless records stay with a partition for about one batch (KIP-794). */
const STICKY_BYTES = 16 * 1024

interface Sticky {
  partition: number
  bytes: number
}

/** Gives every record its partition: the one it names, its key's (murmur2), or the one keyless records stick to. */
export class PartitionChoice {
  readonly #counts: PartitionCounts
  readonly #sticky = new Map<string, Sticky>()

  constructor(counts: PartitionCounts) {
    this.#counts = counts
  }

  async place(records: readonly OutRecord[]): Promise<PlacedRecord[]> {
    const counts = await this.#countsFor(records)
    return records.map((record) => {
      const { topic, key, value, timestamp, headers } = record
      // Written out: it is on the hot path.
      return { topic, partition: this.#choose(record, counts.get(topic)!), key, value, timestamp, headers }
    })
  }

  async #countsFor(records: readonly OutRecord[]): Promise<ReadonlyMap<string, number>> {
    const wanted = new Map<string, number>()
    for (const { topic, partition = -1 } of records) {
      wanted.set(topic, Math.max(wanted.get(topic) ?? 0, partition + 1))
    }
    const counts = new Map<string, number>()
    for (const [topic, atLeast] of wanted) counts.set(topic, await this.#counts.of(topic, atLeast))
    return counts
  }

  #choose(record: OutRecord, partitions: number): number {
    if (record.partition !== undefined) return existing(record, record.partition, partitions)
    return record.key === null ? this.#stick(record, partitions) : partitionFor(record.key, partitions)
  }

  #stick(record: OutRecord, partitions: number): number {
    const random = () => Math.floor(Math.random() * partitions)
    const sticky = this.#sticky.get(record.topic) ?? { partition: random(), bytes: 0 }
    this.#sticky.set(record.topic, sticky)
    if (sticky.bytes >= STICKY_BYTES) {
      sticky.partition = (sticky.partition + 1) % partitions
      sticky.bytes = 0
    }
    sticky.bytes += recordSize(record)
    return sticky.partition
  }
}

function existing({ topic }: OutRecord, partition: number, partitions: number): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition
  throw new MillraceError(
    'WRITE',
    `${topic} has ${partitions} partitions; there is no partition ${partition}`,
    {
      topic,
      partition,
    },
  )
}
