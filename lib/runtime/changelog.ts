import { type Headers, NO_HEADERS, type OutRecord } from '../record.ts'
import type { ChangedEntry } from '../state/changelogged-state.ts'

/** A topic that holds the newest entry of each key of a store, so that another worker can take the state over. */
export function changelogTopic(application: string, store: string): string {
  return `${application}-${store}-changelog`
}

/** What a checkpoint that never became whole has written must not yet have cost the entries before it. */
const COMPACTION_LAG = '600000'

export const CHANGELOG_CONFIG = {
  'cleanup.policy': 'compact',
  'retention.ms': '-1',
  'min.compaction.lag.ms': COMPACTION_LAG,
} as const

/** First byte of a key: what the record says. */
export const META = 0
const ENTRY = 1
/** Where an entry's key in its store begins. */
export const KEY_AT = 1

/** Which checkpoint a state is of: the larger, the later. */
const CHECKPOINT = 'checkpoint'

/** Up to where the changelogs are known to be in the local state, by store. */
const READ_TO = 'changelog/'

/** Whose changelogs: those of the stores of one task. */
export interface ChangelogPlace {
  readonly application: string
  readonly partition: number
  readonly stores: readonly string[]
}

export type Meta = Readonly<Record<string, string>>

/** Last header of an entry: the checkpoint that it belongs to. It counts once that checkpoint is known to be whole. */
const TAG = 'checkpoint'

/**
 * What one checkpoint writes, in steps of which each is acknowledged before the next: first what has changed, then, in
 * every topic touched, that it is whole and what the state then covers. A crash between them leaves entries that nobody
 * takes for state. Where there is one topic its order says the same.
 */
export function changelogRecords(
  { application, partition, stores }: ChangelogPlace,
  changes: readonly ChangedEntry[],
  meta: Meta,
  now: number,
): OutRecord[][] {
  const touched = new Set(changes.map(({ store }) => store))
  if (touched.size === 0) touched.add(stores[0]!)
  const tag = [[TAG, Buffer.from(meta[CHECKPOINT]!)]] as const
  const record = (store: string, key: Buffer, value: Buffer | null, headers: Headers): OutRecord => {
    return { topic: changelogTopic(application, store), partition, key, value, timestamp: now, headers }
  }
  const entries = changes.map(({ store, key, value }) => record(store, entryKey(key), value, tag))
  const whole = Buffer.from(JSON.stringify(meta))
  const marks = [...touched].map((store) => record(store, Buffer.of(META), whole, NO_HEADERS))
  return touched.size === 1 ? [[...entries, ...marks]] : [entries, marks]
}

/** Whether a checkpoint would say anything new, apart from its number. */
export function moved(saved: Meta, meta: Meta): boolean {
  return Object.entries(meta).some(([name, value]) => saved[name] !== value)
}

/** The meta of the checkpoint that follows. `ends`: what is newly known of the changelogs. */
export function nextCheckpoint(saved: Meta, meta: Meta, ends: Meta = {}): Meta {
  return { ...meta, ...readTo(saved), ...ends, [CHECKPOINT]: String(checkpointOf(saved) + 1) }
}

function readTo(meta: Meta): Meta {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => name.startsWith(READ_TO)))
}

function entryKey(key: string): Buffer {
  const bytes = Buffer.allocUnsafe(KEY_AT + key.length)
  bytes[0] = ENTRY
  bytes.write(key, KEY_AT, 'latin1')
  return bytes
}

/** Reads which checkpoint an entry is of. Brokers give the same headers to records that have the same: read once. */
export class TagReader {
  #headers: Headers = NO_HEADERS
  #checkpoint = 0

  /** 0 for an entry that does not say. */
  of(headers: Headers): number {
    if (headers === this.#headers) return this.#checkpoint
    const last = headers.at(-1)
    this.#headers = headers
    this.#checkpoint = last?.[0] === TAG ? Number(String(last[1])) : 0
    return this.#checkpoint
  }
}

export function checkpointOf(meta: Meta): number {
  return Number(meta[CHECKPOINT] ?? 0)
}

export function readKey(store: string): string {
  return READ_TO + store
}
