import { setImmediate } from 'node:timers/promises'
import type { SinkNode } from '../../topology/nodes.ts'
import { BUCKETS, type Bucket, Buckets } from './buckets.ts'
import { changedFields } from './changed-fields.ts'
import type { DiffRow, DiffSide } from './diff-row.ts'
import type { StoredEntry } from './stored-entry.ts'

/** What one key is on both sides, where that is not the same. */
export interface Difference {
  /** The live topology's. */
  readonly sink: SinkNode
  readonly key: string
  /** Null where the key is not there. */
  readonly live: DiffRow | null
  readonly shadow: DiffRow | null
  /** What there is of it in live, as it is stored: a deletion, too. */
  readonly stored: StoredEntry | null
  /** Those that differ where it is there on both sides. */
  readonly fields: readonly string[]
}

/** So far. Rows are what was read, of a topic all its records; the others are keys. */
export interface Counts {
  liveRows: number
  shadowRows: number
  live: number
  shadow: number
  /** Keys that are the same on both sides. */
  same: number
}

export interface SinkSides {
  readonly node: SinkNode
  /** Undefined where the live one is not there: all is added. */
  readonly live: DiffSide | undefined
  readonly shadow: DiffSide
  /** Where what does not fit into memory goes. */
  readonly folder: string
}

/** A sink of the live topology and its shadow. Both are read while the differences are asked for. */
export class ComparedSink {
  readonly node: SinkNode
  readonly counts: Counts = { liveRows: 0, shadowRows: 0, live: 0, shadow: 0, same: 0 }
  readonly #sides: SinkSides

  constructor(sides: SinkSides) {
    this.node = sides.node
    this.#sides = sides
  }

  /** Whether there is a live one at all. */
  get isNew(): boolean {
    return this.#sides.live === undefined
  }

  /** Records that can't be compared, having keys that can't be read. */
  get unreadable(): number {
    return (this.#sides.live?.unreadable ?? 0) + this.#sides.shadow.unreadable
  }

  /** In the order of their keys' hashes, which is the same every time. */
  async *differences(): AsyncGenerator<Difference> {
    const { live, shadow, folder } = this.#sides
    const sides = [new Buckets(folder), new Buckets(folder)] as const
    try {
      await fill(sides[0], live, () => this.counts.liveRows++)
      await fill(sides[1], shadow, () => this.counts.shadowRows++)
      for (let index = 0; index < BUCKETS; index++) {
        yield* await this.#compare(sides[0].bucket(index), sides[1].bucket(index))
        // Reading is synchronous: others get a turn between two.
        await setImmediate()
      }
    } finally {
      for (const side of sides) side.close()
    }
  }

  async #compare(live: Bucket, shadow: Bucket): Promise<Difference[]> {
    const { counts } = this
    const pairs: [key: string, live: StoredEntry | undefined, shadow: StoredEntry | undefined][] = []
    for (const key of new Set([...live.keys(), ...shadow.keys()])) {
      const [one, other] = [present(live.get(key)), present(shadow.get(key))]
      if (one !== undefined) counts.live++
      if (other !== undefined) counts.shadow++
      if (one === undefined && other === undefined) continue
      if (one && other && one.value!.equals(other.value!)) counts.same++
      else pairs.push([key, live.get(key), other])
    }
    await this.#sides.live?.ready?.(pairs.flatMap(([, one]) => present(one) ?? []))
    await this.#sides.shadow.ready?.(pairs.flatMap(([, , other]) => other ?? []))
    return pairs.flatMap(([key, one, other]) => this.#difference(key, one, other) ?? [])
  }

  /** Undefined for rows that are the same in other bytes. */
  #difference(key: string, stored?: StoredEntry, other?: StoredEntry): Difference | undefined {
    const one = present(stored)
    const live = one === undefined ? null : this.#sides.live!.rowOf(one)
    const shadow = other === undefined ? null : this.#sides.shadow.rowOf(other)
    const fields = live && shadow ? changedFields(live.value, shadow.value) : []
    if (live === null || shadow === null || fields.length > 0) {
      return { sink: this.node, key, live, shadow, stored: stored ?? null, fields }
    }
    this.counts.same++
    return undefined
  }
}

async function fill(buckets: Buckets, side: DiffSide | undefined, read: () => void): Promise<void> {
  if (side === undefined) return
  for await (const entry of side.entries()) {
    buckets.add(entry)
    read()
  }
}

/** A deletion that is the newest of its key is as good as no row. */
function present(entry: StoredEntry | undefined): StoredEntry | undefined {
  return entry?.value == null ? undefined : entry
}
