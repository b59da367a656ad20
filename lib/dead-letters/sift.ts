import type { RedrivenLetters } from '../deployed/redriven-letters.ts'
import { fingerprintOf } from './fingerprint.ts'
import { type Letter, placeOf } from './letter.ts'
import type { ReEntry } from './re-entry.ts'

/** Which letters are meant. */
export type Selection =
  | { readonly how: 'all' }
  | { readonly how: 'group'; readonly fingerprint: string }
  | { readonly how: 'letter'; readonly partition: number; readonly offset: number }

/** What is to be done with a letter. `why` is the same for letters of one kind. */
export type Verdict =
  | { readonly kind: 'other' }
  | { readonly kind: 'due' }
  /** Of a record and step that an earlier letter has let in, or will. */
  | { readonly kind: 'twin'; readonly why: string }
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
  /** Which record and step have been let in, or are about to be. */
  readonly #entered = new Set<string>()

  constructor(options: SiftOptions) {
    this.#options = options
  }

  async sift(letter: Letter): Promise<Verdict> {
    const { selection, redriven, reEntry, limit, again } = this.#options
    const identity = identityOf(letter)
    const before = redriven.has(letter)
    const twin = this.#entered.has(identity)
    if (before) this.#entered.add(identity)
    if (!isSelected(letter, selection)) return { kind: 'other' }
    if (!again && before) return { kind: 'done', why: 'redriven before' }
    if (twin && !before) return { kind: 'twin', why: 'the same record and step as an earlier letter' }
    if (letter.attempts >= limit)
      return { kind: 'limit', why: `refused again ${letter.attempts} times (--limit ${limit})` }
    const why = await reEntry.obstacle(letter)
    if (why !== undefined) return { kind: 'obstacle', why }
    this.#entered.add(identity)
    return { kind: 'due' }
  }
}

/** What a crash, or a reset, had refused twice by one step is one record all the same. */
function identityOf({ application, step, origin, attempts }: Letter): string {
  return JSON.stringify([application, step, placeOf(origin), attempts])
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
