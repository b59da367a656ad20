import type { PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { recordSize } from '../../lib/broker/record-size.ts'
import type { TopicPartition } from '../../lib/record.ts'
import type { ChunkFor } from './connection.ts'
import { type ChunkRecord, encodeChunk } from './log/encode-chunk.ts'

/** Large enough that the store's work is small beside the bytes, small enough to be read for one record. */
const CHUNK_BYTES = 128 * 1024
const REQUEST_BYTES = 4 * 1024 * 1024

/** Cuts records into requests of chunks. Sent one after another they keep the order of every partition. */
export function* requestsOf(records: Iterable<PlacedRecord>): Generator<readonly ChunkFor[]> {
  let request = new RequestBuilder()
  for (const record of records) {
    if (request.bytes >= REQUEST_BYTES) {
      yield request.finish()
      request = new RequestBuilder()
    }
    request.add(record)
  }
  yield request.finish()
}

interface OpenChunk extends TopicPartition {
  readonly records: ChunkRecord[]
  bytes: number
}

class RequestBuilder {
  bytes = 0
  readonly #open = new Map<string, OpenChunk>()
  readonly #full: ChunkFor[] = []

  add(record: PlacedRecord): void {
    const size = recordSize(record)
    const { topic, partition } = record
    const name = `${topic}/${partition}`
    const chunk = this.#open.get(name)
    this.bytes += size
    if (chunk !== undefined && chunk.bytes + size <= CHUNK_BYTES) {
      chunk.records.push(record)
      chunk.bytes += size
      return
    }
    if (chunk !== undefined) this.#full.push(encoded(chunk))
    this.#open.set(name, { topic, partition, records: [record], bytes: size })
  }

  finish(): readonly ChunkFor[] {
    return [...this.#full, ...[...this.#open.values()].map(encoded)]
  }
}

function encoded({ topic, partition, records }: OpenChunk): ChunkFor {
  return { topic, partition, chunk: encodeChunk(records) }
}
