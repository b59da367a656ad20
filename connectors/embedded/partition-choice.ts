import { MillraceError } from '../../lib/errors.ts'
import { partitionFor } from '../../lib/partitioner.ts'
import type { OutRecord } from '../../lib/record.ts'
import type { TopicDetails } from './connection.ts'
import { recordSize } from './log/record-size.ts'

/** As Kafka's default partitioner: keyless records stay with a partition for about one batch (KIP-794). */
const STICKY_BYTES = 16 * 1024

interface Sticky {
  partition: number
  bytes: number
}

/** The partition of a record: the one it names, its key's (murmur2), or the one keyless records stick to. */
export class PartitionChoice {
  readonly #sticky = new Map<string, Sticky>()

  of(record: OutRecord, { partitions }: TopicDetails): number {
    if (record.partition !== undefined) return existing(record, record.partition, partitions)
    return record.key === null ? this.#stick(record, partitions) : partitionFor(record.key, partitions)
  }

  #stick(record: OutRecord, partitions: number): number {
    const sticky = this.#sticky.get(record.topic) ?? {
      partition: Math.floor(Math.random() * partitions),
      bytes: 0,
    }
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
    { topic, partition },
  )
}
