import type { TopicPartition } from '../../../lib/record.ts'
import { readHead } from './chunk-layout.ts'
import type { StoredChunk } from './decode-chunk.ts'
import { chunkKey, offsetIn, type PartitionId, partitionKey, timeKey } from './keys.ts'
import { encodeState, type PartitionState } from './partition-state.ts'
import type { Store, StoreOperation } from './store.ts'

/** An entry of the time index after so many bytes: a look-up by time reads that much and little more. */
const INDEX_BYTES = 1024 * 1024

/** Operations for one atomic write, and what to do when they are durable. */
export interface Change {
  readonly operations: readonly StoreOperation[]
  durable(): void
}

/** One partition of the log. Readers go by what is durable, writers by what is on its way. */
export class Partition implements TopicPartition {
  readonly id: PartitionId
  readonly topic: string
  readonly partition: number
  readonly #store: Store
  readonly #waiting = new Set<() => void>()
  #durable: PartitionState
  #written: PartitionState

  constructor(store: Store, topic: string, id: PartitionId, state: PartitionState) {
    this.#store = store
    this.topic = topic
    this.partition = id.partition
    this.id = id
    this.#durable = state
    this.#written = state
  }

  get state(): PartitionState {
    return this.#durable
  }

  /** Gives chunks their offsets. Must be called when their turn to be written has come. */
  append(chunks: readonly Buffer[]): Change {
    const operations: StoreOperation[] = []
    let { end, bytes, maxTimestamp, unindexedBytes } = this.#written
    for (const chunk of chunks) {
      const head = readHead(chunk)
      const last = end + head.span
      operations.push({ type: 'put', key: chunkKey(this.id, last), value: chunk })
      end = last + 1
      bytes += chunk.length
      unindexedBytes += chunk.length
      maxTimestamp = Math.max(maxTimestamp, head.maxTimestamp)
      if (unindexedBytes < INDEX_BYTES) continue
      operations.push({ type: 'put', key: timeKey(this.id, last), value: timestampValue(maxTimestamp) })
      unindexedBytes = 0
    }
    return this.change({ end, bytes, maxTimestamp, unindexedBytes }, operations)
  }

  /** A change of the state beside what readers see; `update` may depend on what is on its way. */
  change(
    update: Partial<PartitionState> | ((written: PartitionState) => Partial<PartitionState>),
    operations: readonly StoreOperation[],
  ): Change {
    const changes = typeof update === 'function' ? update(this.#written) : update
    const state = { ...this.#written, ...changes }
    this.#written = state
    return {
      operations: [...operations, { type: 'put', key: partitionKey(this.id), value: encodeState(state) }],
      durable: () => {
        this.#durable = state
        this.wake()
      },
    }
  }

  /** Chunks from the one that holds `from`, up to the durable end: at least one if there is one, then up to `maxBytes`. */
  async read(from: number, maxBytes: number): Promise<{ chunks: readonly StoredChunk[]; next: number }> {
    const { end } = this.#durable
    if (from >= end) return { chunks: [], next: from }
    const found = this.#store.iterator({ ...this.#range(from, end), highWaterMarkBytes: maxBytes })
    try {
      const chunks = withinBytes((await found.nextv(READ_CHUNKS)).map(storedChunk), maxBytes)
      // Compaction may have left nothing up to the end.
      return { chunks, next: chunks.length === 0 ? end : chunks.at(-1)!.last + 1 }
    } finally {
      await found.close()
    }
  }

  /** All chunks that begin or end in `[from, to)`, as they were when the reading began. */
  async *chunks(from: number, to: number): AsyncGenerator<StoredChunk> {
    const found = this.#store.iterator({ ...this.#range(from, to), highWaterMarkBytes: INDEX_BYTES })
    try {
      for (;;) {
        const entries = await found.nextv(READ_CHUNKS)
        if (entries.length === 0) return
        yield* entries.map(storedChunk)
      }
    } finally {
      await found.close()
    }
  }

  /** Where to look from for the first record of this time or later: everything before is older. */
  async scanStart(timestamp: number): Promise<number> {
    const { earliest, end } = this.#durable
    let start = earliest
    const range = { gte: timeKey(this.id, earliest), lt: timeKey(this.id, end) }
    for await (const [key, value] of this.#store.iterator(range)) {
      if (value.readDoubleBE(0) >= timestamp) break
      start = offsetIn(key) + 1
    }
    return start
  }

  /** Has those look again who wait for an append. */
  wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Calls `wake` at every append, until it is told otherwise. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => this.#waiting.delete(wake)
  }

  #range(from: number, to: number): { gte: Buffer; lt: Buffer } {
    return { gte: chunkKey(this.id, from), lt: chunkKey(this.id, to) }
  }
}

const READ_CHUNKS = 1000

function storedChunk([key, bytes]: readonly [Buffer, Buffer]): StoredChunk {
  return { last: offsetIn(key), bytes }
}

function withinBytes(chunks: readonly StoredChunk[], maxBytes: number): readonly StoredChunk[] {
  let bytes = 0
  const beyond = chunks.findIndex((chunk, i) => {
    bytes += chunk.bytes.length
    return i > 0 && bytes > maxBytes
  })
  return beyond === -1 ? chunks : chunks.slice(0, beyond)
}

function timestampValue(timestamp: number): Buffer {
  const value = Buffer.allocUnsafe(8)
  value.writeDoubleBE(timestamp)
  return value
}
