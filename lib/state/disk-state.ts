import { Changes, type Taken } from './changes.ts'
import { CleanSlots } from './clean-slots.ts'
import { DiskBytes, type SharedByStores } from './disk-bytes.ts'
import { anothers, damaged, diskError } from './disk-error.ts'
import { encodeHead, type Head, NEVER_SAVED } from './disk-head.ts'
import { diskKey, entryPrefix, HEAD_KEY, sealed, sealOf, unsealed } from './disk-layout.ts'
import { type Batch, type Level, makeFolder, openLevel } from './disk-level.ts'
import { restoreFrom } from './disk-restore.ts'
import { Loads } from './loads.ts'
import type { OrderedBytes, StateBackend, StoreLoader } from './ordered-bytes.ts'
import { SaveMark } from './save-mark.ts'
import type { Slot } from './slot.ts'

export interface DiskStateOptions {
  /** Of values that are on disk as well, for all stores of the task; keys and changed values come on top. 64 MiB. */
  readonly cacheBytes?: number
  /** `<application>/<task>`: kept with the state, and what is another one's is refused. */
  readonly owner?: string
}

const CACHE_BYTES = 64 * 1024 * 1024

/**
 * Opens the state in `dir`, which is made if it is not there. Every entry is read once and checked: about 3 s for
 * a million.
 *
 * A kill -9, and a power failure, at any point leave what was saved last or, of a save that had not resolved, what
 * it was to save. After a save that failed nothing more is saved: close, and open again.
 *
 * @throws MillraceError `CONFIG` for a folder that holds something else, another format or another owner's state, or
 * is open already;
 * `DATA_LOSS` for one that is damaged or older than what was saved in it; `UNREACHABLE` when the disk is full or
 * does not answer.
 */
export async function openDiskState(dir: string, options: DiskStateOptions = {}): Promise<StateBackend> {
  try {
    await makeFolder(dir)
    const mark = await SaveMark.read(dir)
    const level = await openLevel(dir, mark.sequence > 0)
    try {
      const state = new DiskState(dir, level, mark, options)
      await state.restore()
      return state
    } catch (error) {
      await level.close()
      throw error
    }
  } catch (error) {
    throw diskError(error, 'opening it', dir)
  }
}

class DiskState implements StateBackend {
  readonly #dir: string
  readonly #level: Level
  readonly #mark: SaveMark
  readonly #owner: string | undefined
  readonly #changes: Changes
  readonly #loads: Loads
  readonly #shared: SharedByStores
  readonly #stores = new Map<string, DiskBytes>()
  /** As of the save that was begun last. */
  #head: Head = NEVER_SAVED
  #meta: Readonly<Record<string, string>> = {}
  /** The saves that were asked for, one after the other; once one has failed, so do the rest. */
  #saving: Promise<void> = Promise.resolve()

  constructor(
    dir: string,
    level: Level,
    mark: SaveMark,
    { cacheBytes = CACHE_BYTES, owner }: DiskStateOptions,
  ) {
    this.#dir = dir
    this.#level = level
    this.#mark = mark
    this.#owner = owner
    const clean = new CleanSlots(cacheBytes)
    this.#changes = new Changes(clean)
    this.#loads = new Loads(level)
    this.#shared = {
      clean,
      changes: this.#changes,
      loads: this.#loads,
      read: (...entry) => this.#read(...entry),
    }
  }

  get meta(): Readonly<Record<string, string>> {
    return this.#meta
  }

  bytes(store: string): OrderedBytes {
    return this.#store(store)
  }

  loader(store: string): StoreLoader {
    return this.#store(store).loader
  }

  async restore(): Promise<void> {
    this.#head = await restoreFrom(this.#level, this.#dir, this.#mark.sequence, (store, key, from, seal) =>
      this.#store(store).restore(key, from, seal),
    )
    const { meta, owner = this.#owner } = this.#head
    if (this.#owner !== undefined && owner !== this.#owner) throw anothers(this.#dir, owner!, this.#owner)
    this.#meta = meta
  }

  save(meta: Readonly<Record<string, string>>): Promise<void> {
    const changes = this.#changes.take()
    const { batch, added } = this.#loads.take()
    let sum = (this.#head.sum + added) | 0
    for (const slot of changes.slots) sum = (sum + put(batch, slot)) | 0
    const owner = this.#owner ?? this.#head.owner
    const head = { sequence: this.#head.sequence + 1, count: this.#count(), sum, meta: { ...meta }, owner }
    batch.put(HEAD_KEY, encodeHead(head))
    this.#head = head
    this.#saving = this.#saving.then(() => this.#write(batch, head, changes))
    return this.#saving
  }

  async close(): Promise<void> {
    await this.#saving.catch(() => {})
    await this.#level.close()
  }

  async #write(batch: Batch, head: Head, changes: Taken): Promise<void> {
    try {
      await batch.write({ sync: true })
      await this.#mark.write(head.sequence)
    } catch (error) {
      throw diskError(error, 'saving it', this.#dir)
    }
    this.#meta = head.meta
    this.#changes.saved(changes)
  }

  #store(name: string): DiskBytes {
    const found = this.#stores.get(name)
    if (found !== undefined) return found
    const store = new DiskBytes(entryPrefix(name), this.#shared)
    this.#stores.set(name, store)
    return store
  }

  #count(): number {
    return [...this.#stores.values()].reduce((sum, { size }) => sum + size, 0)
  }

  #read(prefix: string, key: string, seal: number): Buffer {
    const at = diskKey(prefix, key)
    const found = unsealed(at, this.#get(at))
    if (found?.[0] !== seal) throw damaged(this.#dir, 'an entry is missing, or has a wrong checksum')
    return found[1]
  }

  #get(key: Buffer): Buffer {
    try {
      return this.#level.getSync(key) ?? Buffer.alloc(0)
    } catch (error) {
      throw diskError(error, 'reading it', this.#dir)
    }
  }
}

/** Adds what has become of an entry to the batch. Returns by how much the sum of all seals changes. */
function put(batch: Batch, slot: Slot): number {
  const { value, seal: before } = slot
  const key = diskKey(slot.owner.prefix, slot.key)
  slot.seal = value === undefined ? 0 : sealOf(key, value)
  if (value === undefined) batch.del(key)
  else batch.put(key, sealed(slot.seal, value))
  return slot.seal - before
}
