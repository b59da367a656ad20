import type { Broker } from '../ports.ts'
import type { RawRecord } from '../record.ts'
import type { OrderedBytes, StateBackend } from '../state/ordered-bytes.ts'
import {
  type ChangelogPlace,
  changelogTopic,
  checkpointOf,
  META,
  type Meta,
  readKey,
  tagOf,
} from './changelog.ts'

export interface Restored {
  /** How many records were read. */
  readonly entries: number
  /** What a checkpoint that never became whole has left in the changelogs: to be written again as it is. */
  readonly unfinished: readonly { readonly store: string; readonly key: string }[]
}

interface Entry {
  readonly key: string
  readonly value: Buffer | null
  readonly checkpoint: number
}

/**
 * Brings a local state up to its changelogs: to the last checkpoint that all of them hold whole, and no further, so
 * that state and position fit. It reads from where the local state was last known to hold all that is before; entries
 * that it has already come to the same. Nothing local: from the beginning.
 */
export async function restore(
  broker: Broker,
  place: ChangelogPlace,
  backend: StateBackend,
  signal: AbortSignal,
): Promise<Restored> {
  const { application, partition, stores } = place
  let newest = backend.meta
  let entries = 0
  const ends: Record<string, string> = {}
  const tails = new Map<string, { readonly tail: Tail; readonly from: number }>()
  for (const store of stores) {
    const topic = changelogTopic(application, store)
    const range = (await broker.admin.offsets(topic)).find((one) => one.partition === partition)
    if (range === undefined) continue
    const from = Math.max(range.earliest, Math.min(range.end, Number(backend.meta[readKey(store)] ?? 0)))
    const tail = new Tail(backend.bytes(store))
    tails.set(store, { tail, from })
    for await (const { records } of broker.read([{ topic, partition, from, to: range.end }])) {
      signal.throwIfAborted()
      for (const record of records) newest = tail.read(record, newest)
      entries += records.length
    }
    ends[readKey(store)] = String(range.end)
  }
  const unfinished = [...tails].flatMap(([store, { tail, from }]) => {
    const keys = tail.end(checkpointOf(newest))
    // Until it is written again, the next life has to find it too.
    if (keys.length > 0) ends[readKey(store)] = String(from)
    return keys.map((key) => ({ store, key }))
  })
  await backend.save({ ...newest, ...ends })
  return { entries, unfinished }
}

/** The entries of a changelog that are not known to be of a whole checkpoint: those of the newest one. */
class Tail {
  readonly #bytes: OrderedBytes
  #waiting: Entry[] = []

  constructor(bytes: OrderedBytes) {
    this.#bytes = bytes
  }

  /** Returns what is now the newest meta. */
  read({ key, value, headers }: RawRecord, newest: Meta): Meta {
    if (key === null) return newest
    if (key[0] === META) {
      const meta = value === null ? newest : (JSON.parse(String(value)) as Meta)
      this.#apply()
      return checkpointOf(meta) >= checkpointOf(newest) ? meta : newest
    }
    const checkpoint = tagOf(headers)
    // A checkpoint begins only when the one before it is whole.
    if (checkpoint > (this.#waiting.at(-1)?.checkpoint ?? checkpoint)) this.#apply()
    this.#waiting.push({ key: key.toString('latin1', 1), value, checkpoint })
    return newest
  }

  /** Nothing follows. Returns the keys of what is of no checkpoint. */
  end(newest: number): string[] {
    const left = this.#waiting.filter(({ checkpoint }) => checkpoint > newest)
    this.#waiting = this.#waiting.filter(({ checkpoint }) => checkpoint <= newest)
    this.#apply()
    return left.map(({ key }) => key)
  }

  #apply(): void {
    for (const { key, value } of this.#waiting) {
      if (value === null) this.#bytes.delete(key)
      else this.#bytes.set(key, value)
    }
    this.#waiting = []
  }
}
