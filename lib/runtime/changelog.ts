import type { Broker } from '../ports.ts'
import { NO_HEADERS, type OutRecord } from '../record.ts'
import type { ChangedEntry } from '../state/changelogged-state.ts'
import type { StateBackend } from '../state/ordered-bytes.ts'

/** A topic that holds the newest entry of each key of a store, so that another worker can take the state over. */
export function changelogTopic(application: string, store: string): string {
  return `${application}-${store}-changelog`
}

export const CHANGELOG_CONFIG = { 'cleanup.policy': 'compact', 'retention.ms': '-1' } as const

/** First byte of a key: what the record says. */
const META = 0
const ENTRY = 1

/** Which checkpoint a state is of: the larger, the later. */
const CHECKPOINT = 'checkpoint'

export type Meta = Readonly<Record<string, string>>

/** The changes of one checkpoint, and behind them, in every topic they touch, what the state then covers. */
export function changelogRecords(
  application: string,
  partition: number,
  changes: readonly ChangedEntry[],
  meta: Meta,
  now: number,
): OutRecord[] {
  const stores = new Set(changes.map(({ store }) => store))
  const record = (store: string, key: Buffer, value: Buffer | null): OutRecord => {
    return {
      topic: changelogTopic(application, store),
      partition,
      key,
      value,
      timestamp: now,
      headers: NO_HEADERS,
    }
  }
  return [
    ...changes.map(({ store, key, value }) => record(store, entryKey(key), value)),
    ...[...stores].map((store) => record(store, Buffer.of(META), Buffer.from(JSON.stringify(meta)))),
  ]
}

/** The meta of the checkpoint that follows. */
export function nextCheckpoint(saved: Meta, meta: Meta): Meta {
  return { ...meta, ...readTo(saved), [CHECKPOINT]: String(checkpointOf(saved) + 1) }
}

export interface Restored {
  readonly entries: number
}

/**
 * Brings a local state up to its changelogs. It reads from where the local state was last known to hold all that is
 * before; entries that it has already come to the same. Nothing local: from the beginning.
 */
export async function restore(
  broker: Broker,
  application: string,
  partition: number,
  stores: readonly string[],
  backend: StateBackend,
): Promise<Restored> {
  let entries = 0
  let newest = backend.meta
  const ends: Record<string, string> = {}
  for (const store of stores) {
    const topic = changelogTopic(application, store)
    const range = (await broker.admin.offsets(topic)).find((one) => one.partition === partition)
    if (range === undefined) continue
    const from = Math.max(range.earliest, Math.min(range.end, Number(backend.meta[readKey(store)] ?? 0)))
    const bytes = backend.bytes(store)
    for await (const { records } of broker.read([{ topic, partition, from, to: range.end }])) {
      for (const { key, value } of records) {
        if (key === null) continue
        if (key[0] === META) newest = newer(newest, value)
        else if (value === null) bytes.delete(key.toString('latin1', 1))
        else bytes.set(key.toString('latin1', 1), value)
        entries++
      }
    }
    ends[readKey(store)] = String(range.end)
  }
  if (stores.length > 0) await backend.save({ ...newest, ...ends })
  return { entries }
}

function newer(meta: Meta, value: Buffer | null): Meta {
  if (value === null) return meta
  const found = JSON.parse(String(value)) as Meta
  return checkpointOf(found) >= checkpointOf(meta) ? found : meta
}

function checkpointOf(meta: Meta): number {
  return Number(meta[CHECKPOINT] ?? 0)
}

function readKey(store: string): string {
  return `changelog/${store}`
}

/** Up to where the changelogs are known to be in the local state. */
function readTo(meta: Meta): Meta {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => name.startsWith('changelog/')))
}

function entryKey(key: string): Buffer {
  const bytes = Buffer.allocUnsafe(key.length + 1)
  bytes[0] = ENTRY
  bytes.write(key, 1, 'latin1')
  return bytes
}
