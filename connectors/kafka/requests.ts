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
  readonly batches: ReadonlyMap<string, PlacedRecord[]>
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
    if (!request.takes(record)) {
      yield request
      request = new RequestBuilder(batchBytes)
    }
    request.add(record)
  }
  if (request.records.length > 0) yield request
}

class RequestBuilder implements ProduceRequest {
  readonly records: PlacedRecord[] = []
  readonly batches = new Map<string, PlacedRecord[]>()
  readonly #batchBytes: number
  readonly #sizes = new Map<string, number>()
  #total = 0

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes
  }

  takes(record: PlacedRecord): boolean {
    const size = recordSize(record)
    const batch = this.#sizes.get(partitionKey(record)) ?? 0
    return (
      (batch === 0 || batch + size <= this.#batchBytes) &&
      (this.#total === 0 || this.#total + size <= REQUEST_BYTES)
    )
  }

  add(record: PlacedRecord): void {
    const key = partitionKey(record)
    const size = recordSize(record)
    const batch = this.batches.get(key)
    if (batch === undefined) this.batches.set(key, [record])
    else batch.push(record)
    this.records.push(record)
    this.#sizes.set(key, (this.#sizes.get(key) ?? 0) + size)
    this.#total += size
  }
}
