import type { PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { recordSize } from '../../lib/broker/record-size.ts'
import type { TopicPartition } from '../../lib/record.ts'

/** Under the broker's default `message.max.bytes` of 1,048,588, with room for the head of the batch. */
export const BATCH_BYTES = 900 * 1024
export const REQUEST_BYTES = 8 * 1024 * 1024

/** What goes to the brokers at once: one batch a partition. */
export interface ProduceRequest {
  readonly records: readonly PlacedRecord[]
  /** By `partitionKey`. */
  readonly batches: ReadonlyMap<string, readonly PlacedRecord[]>
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}

/**
 * Cuts records into requests in which no batch is larger than `batchBytes`, except of one record. Sent one after
 * another they keep the order of every partition.
 */
export function* requestsOf(
  records: Iterable<PlacedRecord>,
  batchBytes = BATCH_BYTES,
): Generator<ProduceRequest> {
  let request = new RequestBuilder(batchBytes)
  for (const record of records) {
    if (request.add(record)) continue
    yield request
    request = new RequestBuilder(batchBytes)
    request.add(record)
  }
  if (request.records.length > 0) yield request
}

class RequestBuilder implements ProduceRequest {
  readonly records: PlacedRecord[] = []
  readonly #batchBytes: number
  readonly #batches = new Map<string, Batch[]>()
  #total = 0

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes
  }

  get batches(): ReadonlyMap<string, readonly PlacedRecord[]> {
    const all = [...this.#batches].flatMap(([topic, batches]) => {
      return Object.entries(batches).map(([partition, { records }]) => {
        return [partitionKey({ topic, partition: Number(partition) }), records] as const
      })
    })
    return new Map(all)
  }

  /** False, and nothing done, where the batch or the request would be too large with it. */
  add(record: PlacedRecord): boolean {
    const size = recordSize(record)
    const { topic, partition } = record
    const ofTopic = this.#batches.get(topic) ?? []
    const batch = ofTopic[partition]
    if (batch !== undefined && batch.bytes + size > this.#batchBytes) return false
    if (this.#total > 0 && this.#total + size > REQUEST_BYTES) return false
    if (batch === undefined) {
      ofTopic[partition] = { records: [record], bytes: size }
      this.#batches.set(topic, ofTopic)
    } else {
      batch.records.push(record)
      batch.bytes += size
    }
    this.records.push(record)
    this.#total += size
    return true
  }
}

/** What is to be one batch of one partition. */
interface Batch {
  readonly records: PlacedRecord[]
  bytes: number
}
