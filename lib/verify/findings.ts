import type { Place } from './key-table.ts'

export interface Finding {
  readonly hop: string
  readonly key: string
  readonly kind: 'missing' | 'different' | 'too many' | 'duplicated'
  /** The columns that differ. Never their values. */
  readonly columns?: readonly string[]
  /** What most likely has led to it. */
  readonly cause?: string
  /** What to do about it. */
  readonly cure?: string
  /** The newest record that leads to this key, as `topic/partition/offset`. */
  readonly record?: string
}

export type Counts = Readonly<Record<Finding['kind'], number>>

/** A finding, and what its cause is told from. */
export interface Found extends Finding {
  /** Time of the newest record that leads to this key; where nothing does, of what is there. Milliseconds. */
  readonly clock?: number
  readonly at?: Place | undefined
}

/** How many findings of a hop are listed; all are counted. */
export const LISTED = 100_000

/** The findings of one hop. */
export class Findings<F extends Finding = Finding> {
  readonly listed: F[] = []
  readonly #counts: Record<Finding['kind'], number>

  /** @param counts of findings that are to be listed without being counted again. */
  constructor(counts: Counts = { missing: 0, different: 0, 'too many': 0, duplicated: 0 }) {
    this.#counts = { ...counts }
  }

  get counts(): Counts {
    return this.#counts
  }

  add(found: F): void {
    this.#counts[found.kind]++
    if (this.listed.length < LISTED) this.listed.push(found)
  }

  /** All of another's, counted as they were there. */
  addAll<G extends Finding>({ listed, counts }: Findings<G>, as: (found: G) => F): void {
    for (const kind of Object.keys(counts) as Finding['kind'][]) this.#counts[kind] += counts[kind]
    for (const found of listed.slice(0, LISTED - this.listed.length)) this.listed.push(as(found))
  }
}
