import { readHead } from './chunk-layout.ts'
import type { StoredChunk } from './decode-chunk.ts'
import { chunkKey, timeKey } from './keys.ts'
import type { Log } from './log.ts'
import type { Partition } from './partition.ts'
import type { StoreOperation } from './store.ts'
import type { TopicSettings } from './topic-settings.ts'

type Limits = Pick<TopicSettings, 'retentionMs' | 'retentionBytes'>

/** So many chunks are deleted in one atomic write. */
const DELETED_AT_ONCE = 1000

/**
 * Deletes from the front what `retention.ms` and `retention.bytes` let go, by whole chunks as Kafka does by whole
 * segments (UnifiedLog.deleteOldSegments): a chunk goes when its newest record is too old, or when enough is left
 * without it; the first one that stays keeps all behind it.
 */
export async function retain(log: Log, partition: Partition, limits: Limits, now: number): Promise<void> {
  if (limits.retentionMs < 0 && limits.retentionBytes < 0) return
  const { earliest, end } = partition.state
  let { bytes } = partition.state
  let gone: StoredChunk[] = []
  for await (const chunk of partition.chunks(earliest, end)) {
    const old = limits.retentionMs >= 0 && readHead(chunk.bytes).maxTimestamp < now - limits.retentionMs
    const over = limits.retentionBytes >= 0 && bytes - chunk.bytes.length >= limits.retentionBytes
    if (!old && !over) break
    bytes -= chunk.bytes.length
    gone.push(chunk)
    if (gone.length < DELETED_AT_ONCE) continue
    await remove(log, partition, gone, gone.at(-1)!.last + 1)
    gone = []
  }
  if (gone.length > 0) await remove(log, partition, gone, gone.at(-1)!.last + 1)
}

/** Lets go of the records before an offset, and of the chunks that hold nothing else. Under the log's upkeep. */
export async function deleteBefore(log: Log, partition: Partition, before: number): Promise<void> {
  const { earliest } = partition.state
  if (before <= earliest) return
  let gone: StoredChunk[] = []
  for await (const chunk of partition.chunks(earliest, before)) {
    if (chunk.last >= before) break
    gone.push(chunk)
    if (gone.length < DELETED_AT_ONCE) continue
    await remove(log, partition, gone, chunk.last + 1)
    gone = []
  }
  await remove(log, partition, gone, before)
}

async function remove(
  log: Log,
  partition: Partition,
  gone: readonly StoredChunk[],
  earliest: number,
): Promise<void> {
  const { id } = partition
  const freed = gone.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const operations = gone.flatMap(({ last }): StoreOperation[] => [
    { type: 'del', key: chunkKey(id, last) },
    { type: 'del', key: timeKey(id, last) },
  ])
  await log.change(() => [
    partition.change(
      ({ bytes, cleanedTo, cleanedBytes }) => ({
        earliest,
        bytes: bytes - freed,
        cleanedTo: Math.max(cleanedTo, earliest),
        cleanedBytes: Math.max(0, cleanedBytes - freed),
      }),
      operations,
    ),
  ])
}
