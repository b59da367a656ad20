import type { FetchedBatch } from '../broker/broker.ts'
import type { RawRecord } from '../record.ts'
import type { StoreLoader } from '../state/ordered-bytes.ts'
import {
  type ChangelogPlace,
  changelogTopic,
  checkpointOf,
  KEY_AT,
  META,
  type Meta,
  readKey,
  TagReader,
} from './changelog.ts'

/** What is read is saved so often: a reader holds no more in memory, and reads no more again when it is killed. */
export const SAVE_BYTES = 8 << 20
export const SAVE_MS = 2_000

/** What a checkpoint that never became whole has left in a changelog. */
export interface UnfinishedEntry {
  readonly store: string
  readonly key: string
}

export interface ChangelogReaderOptions {
  readonly place: ChangelogPlace
  /** What is known locally: of which checkpoint it is, and from where on each changelog is to be read. */
  readonly meta: Meta
  /** Where a store's entries go. */
  readonly loader: (store: string) => StoreLoader
}

/**
 * Takes the changelogs of a task over, in any order between them: entries count once the checkpoint that they are of
 * is known to be whole. Whoever reads on for as long as the task runs elsewhere (a standby) never calls `end`.
 */
export class ChangelogReader {
  readonly #tails: ReadonlyMap<string, Tail>
  #newest: Meta

  constructor({ place, meta, loader }: ChangelogReaderOptions) {
    const { application, stores } = place
    this.#newest = meta
    this.#tails = new Map(
      stores.map((store) => [changelogTopic(application, store), new Tail(store, loader(store))]),
    )
  }

  /** Nothing before this offset is missing in the store. */
  at(store: string, offset: number): void {
    for (const tail of this.#tails.values()) if (tail.store === store) tail.next = offset
  }

  /** The next records of one of the changelogs. */
  read({ topic, records, next }: FetchedBatch): void {
    const tail = this.#tails.get(topic)!
    for (const record of records) this.#newest = tail.read(record, this.#newest)
    tail.next = next
  }

  /** What may be saved with the entries taken over by now: who begins again with it misses nothing. */
  get meta(): Meta {
    const positions: Record<string, string> = {}
    for (const { store, resumeAt } of this.#tails.values()) {
      if (resumeAt !== undefined) positions[readKey(store)] = String(resumeAt)
    }
    return { ...this.#newest, ...positions }
  }

  /** Nothing more was written: takes over what is of a whole checkpoint, and returns what is of none. */
  end(): UnfinishedEntry[] {
    const newest = checkpointOf(this.#newest)
    return [...this.#tails.values()].flatMap((tail) => tail.end(newest))
  }
}

/** The entries of a changelog that are not known to be of a whole checkpoint: those of the newest one. */
class Tail {
  readonly store: string
  /** Behind all that was read. */
  next: number | undefined
  readonly #loader: StoreLoader
  readonly #tags = new TagReader()
  #waiting: RawRecord[] = []
  #checkpoints: number[] = []

  constructor(store: string, loader: StoreLoader) {
    this.store = store
    this.#loader = loader
  }

  /** Where to read on in another life. */
  get resumeAt(): number | undefined {
    return this.#waiting[0]?.offset ?? this.next
  }

  /** Returns what is now the newest meta. */
  read(record: RawRecord, newest: Meta): Meta {
    const { key, value, headers } = record
    if (key === null) return newest
    if (key[0] === META) {
      const meta = value === null ? newest : (JSON.parse(String(value)) as Meta)
      this.#apply()
      return checkpointOf(meta) >= checkpointOf(newest) ? meta : newest
    }
    const checkpoint = this.#tags.of(headers)
    // A checkpoint begins only when the one before it is whole.
    if (checkpoint > (this.#checkpoints.at(-1) ?? checkpoint)) this.#apply()
    this.#waiting.push(record)
    this.#checkpoints.push(checkpoint)
    return newest
  }

  end(newest: number): UnfinishedEntry[] {
    const [waiting, checkpoints] = [this.#waiting, this.#checkpoints]
    const isWhole = (at: number) => checkpoints[at]! <= newest
    this.#waiting = waiting.filter((_, at) => isWhole(at))
    this.#apply()
    // The others are to be found again until they have been written again.
    this.#waiting = waiting.filter((_, at) => !isWhole(at))
    this.#checkpoints = checkpoints.filter((_, at) => !isWhole(at))
    return this.#waiting.map(({ key }) => ({ store: this.store, key: keyOf(key!) }))
  }

  #apply(): void {
    for (const { key, value } of this.#waiting) {
      if (value === null) this.#loader.delete(key!, KEY_AT)
      else this.#loader.set(key!, value, KEY_AT)
    }
    this.#waiting = []
    this.#checkpoints = []
  }
}

function keyOf(key: Buffer): string {
  return key.toString('latin1', KEY_AT)
}
