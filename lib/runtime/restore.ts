import type { Broker, Range } from '../broker/broker.ts'
import type { StateBackend } from '../state/ordered-bytes.ts'
import { type ChangelogPlace, changelogTopic, readKey } from './changelog.ts'
import { ChangelogReader, SAVE_BYTES, SAVE_MS, type UnfinishedEntry } from './changelog-reader.ts'
import { type RestoreWatch, watched } from './restore-watch.ts'

export interface Restored {
  /** How many records were read. */
  readonly entries: number
  /** What a checkpoint that never became whole has left in the changelogs: to be written again as it is. */
  readonly unfinished: readonly UnfinishedEntry[]
}

/**
 * Brings a local state up to its changelogs: to the last checkpoint that all of them hold whole, and no further, so
 * that state and position fit. It reads from where the local state was last known to hold all that is before; entries
 * that it has already come to the same. Nothing local: from the beginning. What was saved on the way counts for the
 * next attempt, in this life or another one.
 *
 * @throws MillraceError `UNREACHABLE` when the broker, or a read that goes nowhere, is to be tried again.
 */
export async function restore(
  broker: Broker,
  place: ChangelogPlace,
  backend: StateBackend,
  signal: AbortSignal,
  watch: RestoreWatch = {},
): Promise<Restored> {
  const reader = new ChangelogReader({
    place,
    meta: backend.meta,
    loader: (store) => backend.loader(store),
  })
  const ranges = await rangesOf(broker, place, backend)
  for (const { store, from } of ranges) reader.at(store, from)
  let [entries, bytes, begun] = [0, 0, performance.now()]
  let saving = Promise.resolve()
  for await (const batch of watched(broker.read(ranges), ranges, watch)) {
    signal.throwIfAborted()
    reader.read(batch)
    entries += batch.records.length
    bytes += batch.bytes
    if (bytes < SAVE_BYTES && performance.now() - begun < SAVE_MS) continue
    await saving
    saving = backend.save(reader.meta)
    // Known when it is waited for; until then a rejection must not end the process.
    saving.catch(() => {})
    ;[bytes, begun] = [0, performance.now()]
  }
  await saving
  for (const { store, to } of ranges) reader.at(store, to)
  const unfinished = reader.end()
  await backend.save(reader.meta)
  return { entries, unfinished }
}

/** What of each changelog is to be read. */
async function rangesOf(
  { admin }: Broker,
  { application, partition, stores }: ChangelogPlace,
  { meta }: StateBackend,
): Promise<(Range & { readonly store: string })[]> {
  const ranges: (Range & { readonly store: string })[] = []
  for (const store of stores) {
    const topic = changelogTopic(application, store)
    const range = (await admin.offsets(topic)).find((one) => one.partition === partition)
    if (range === undefined) continue
    const from = Math.max(range.earliest, Math.min(range.end, Number(meta[readKey(store)] ?? 0)))
    ranges.push({ store, topic, partition, from, to: range.end })
  }
  return ranges
}
