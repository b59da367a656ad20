import type { RawRecord } from '../../../lib/record.ts'
import { readHead } from './chunk-layout.ts'
import { decodeChunk, type StoredChunk } from './decode-chunk.ts'
import { encodeChunk } from './encode-chunk.ts'
import { chunkKey } from './keys.ts'
import type { Log } from './log.ts'
import type { Partition } from './partition.ts'
import type { StoreOperation } from './store.ts'
import type { TopicSettings } from './topic-settings.ts'

type Settings = Pick<TopicSettings, 'minCleanableDirtyRatio' | 'minCompactionLagMs' | 'deleteRetentionMs'>

/** Of the keys that one round remembers; what does not fit is left to the next, as in Kafka (`log.cleaner.dedupe`). */
const KEYS_BYTES = 64 * 1024 * 1024
const KEY_OVERHEAD = 64
const WRITTEN_AT_ONCE = 1024 * 1024

/**
 * Leaves of every key its newest record, where enough has been written since the last round
 * (`min.cleanable.dirty.ratio`). A tombstone stays for `delete.retention.ms` from the round that first saw it
 * (KIP-534), so that readers behind it learn of it. Offsets never change; every write is sound by itself, so a kill
 * between two of them costs nothing but the round.
 */
export async function compact(
  log: Log,
  partition: Partition,
  settings: Settings,
  now: number,
): Promise<void> {
  const { earliest, end, bytes, cleanedTo, cleanedBytes } = partition.state
  if (cleanedTo >= end || (bytes - cleanedBytes) / bytes < settings.minCleanableDirtyRatio) return
  const { newest, to } = await newestByKey(partition, Math.max(cleanedTo, earliest), settings, now)
  const round = new Round(log, partition)
  for await (const chunk of partition.chunks(earliest, to)) {
    await round.add(chunk, cleaned(chunk, partition, newest, settings, now))
  }
  await round.finish(to)
}

/** The last offset of each key from `from` on, up to where keys no longer fit or records are too young. */
async function newestByKey(
  partition: Partition,
  from: number,
  { minCompactionLagMs }: Settings,
  now: number,
): Promise<{ newest: ReadonlyMap<string, number>; to: number }> {
  const newest = new Map<string, number>()
  let to = from
  let size = 0
  for await (const chunk of partition.chunks(from, partition.state.end)) {
    const young = minCompactionLagMs > 0 && readHead(chunk.bytes).maxTimestamp > now - minCompactionLagMs
    if (young || size > KEYS_BYTES) break
    for (const { key, offset } of decodeChunk(chunk, partition)) {
      if (key === null) continue
      newest.set(key.toString('latin1'), offset)
      size += key.length + KEY_OVERHEAD
    }
    to = chunk.last + 1
  }
  return { newest, to }
}

/** The chunk as it should be: the same one, one with gaps, or undefined where nothing is left. */
function cleaned(
  chunk: StoredChunk,
  partition: Partition,
  newest: ReadonlyMap<string, number>,
  { deleteRetentionMs }: Settings,
  now: number,
): Buffer | undefined {
  const { span, deleteHorizon } = readHead(chunk.bytes)
  const tombstonesGo = deleteHorizon > 0 && deleteHorizon <= now
  const records = decodeChunk(chunk, partition)
  const left = records.filter(
    (record) => !isSuperseded(record, newest) && !(record.value === null && tombstonesGo),
  )
  if (left.length === 0) return undefined
  const hasTombstone = left.some(({ value }) => value === null)
  const horizon = hasTombstone && deleteHorizon === 0 ? now + deleteRetentionMs : deleteHorizon
  if (left.length === records.length && horizon === deleteHorizon) return chunk.bytes
  const first = chunk.last - span
  return encodeChunk(left, { span, deltas: left.map(({ offset }) => offset - first), deleteHorizon: horizon })
}

function isSuperseded({ key, offset }: RawRecord, newest: ReadonlyMap<string, number>): boolean {
  return key !== null && offset < (newest.get(key.toString('latin1')) ?? 0)
}

/** What one round changes, written piece by piece. */
class Round {
  readonly #log: Log
  readonly #partition: Partition
  #operations: StoreOperation[] = []
  #bytes = 0
  #freed = 0
  #left = 0

  constructor(log: Log, partition: Partition) {
    this.#log = log
    this.#partition = partition
  }

  async add({ last, bytes }: StoredChunk, after: Buffer | undefined): Promise<void> {
    this.#left += after?.length ?? 0
    if (after === bytes) return
    this.#freed += bytes.length - (after?.length ?? 0)
    const key = chunkKey(this.#partition.id, last)
    this.#operations.push(after === undefined ? { type: 'del', key } : { type: 'put', key, value: after })
    this.#bytes += key.length + (after?.length ?? 0)
    if (this.#bytes >= WRITTEN_AT_ONCE) await this.#write({})
  }

  finish(cleanedTo: number): Promise<void> {
    return this.#write({ cleanedTo, cleanedBytes: this.#left })
  }

  async #write(progress: { cleanedTo?: number; cleanedBytes?: number }): Promise<void> {
    const operations = this.#operations
    const freed = this.#freed
    this.#operations = []
    this.#bytes = 0
    this.#freed = 0
    await this.#log.change(() => [
      this.#partition.change(({ bytes }) => ({ ...progress, bytes: bytes - freed }), operations),
    ])
  }
}
