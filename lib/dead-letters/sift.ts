import { fingerprintOf } from './fingerprint.ts'
import { type Letter, placeOf } from './letter.ts'
import type { ReEntry } from './re-entry.ts'
import type { RedrivenLetters } from './redriven-letters.ts'

/** Which letters are meant. */
export type Selection =
  | { readonly how: 'all' }
  | { readonly how: 'group'; readonly fingerprint: string }
  | { readonly how: 'letter'; readonly partition: number; readonly offset: number }

/** What is to be done with a letter. `why` is the same for letters of one kind. */
export type Verdict =
  | { readonly kind: 'other' }
  | { readonly kind: 'due' }
  | { readonly kind: 'done' | 'limit' | 'obstacle'; readonly why: string }

export interface SiftOptions {
  readonly selection: Selection
  readonly redriven: RedrivenLetters
  readonly reEntry: ReEntry
  /** How often a record may be redriven. */
  readonly limit: number
  /** Those too that have been redriven. */
  readonly again: boolean
}

/** Letters in the order of their topic. A record that a crash had refused twice by one step comes in again once. */
export class Sifter {
  readonly #options: SiftOptions
  readonly #seen = new Set<string>()

  constructor(options: SiftOptions) {
    this.#options = options
  }

  async sift(letter: Letter): Promise<Verdict> {
    const { selection, redriven, reEntry, limit, again } = this.#options
    const twin = this.#isTwin(letter)
    if (!isSelected(letter, selection)) return { kind: 'other' }
    if (!again && redriven.has(letter)) return { kind: 'done', why: 'redriven before' }
    if (!again && twin) return { kind: 'done', why: 'the same record and step as an earlier letter' }
    if (letter.attempts >= limit)
      return { kind: 'limit', why: `refused again ${letter.attempts} times (--limit ${limit})` }
    const why = await reEntry.obstacle(letter)
    return why === undefined ? { kind: 'due' } : { kind: 'obstacle', why }
  }

  #isTwin({ application, step, origin, attempts }: Letter): boolean {
    const identity = JSON.stringify([application, step, placeOf(origin), attempts])
    if (this.#seen.has(identity)) return true
    this.#seen.add(identity)
    return false
  }
}

function isSelected(letter: Letter, selection: Selection): boolean {
  switch (selection.how) {
    case 'all':
      return true
    case 'group':
      return fingerprintOf(letter) === selection.fingerprint
    case 'letter':
      return letter.partition === selection.partition && letter.offset === selection.offset
  }
}
