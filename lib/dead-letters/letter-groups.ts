import type { RedrivenLetters } from '../deployed/redriven-letters.ts'
import { fingerprintOf, normalised } from './fingerprint.ts'
import type { Letter } from './letter.ts'

/** Letters that one step refused for one kind of reason. */
export interface LetterGroup {
  readonly fingerprint: string
  readonly step: string
  readonly code: string
  /** Without what is of one record. */
  readonly reason: string
  readonly count: number
  readonly redriven: number
  /** The most often that one of them had been redriven before it was refused. */
  readonly attempts: number
  /** Times of the records, not of their refusal. Milliseconds. */
  readonly first: number
  readonly last: number
  /** `partition/offset` of its newest letter. */
  readonly example: string
}

/** Counts letters as they are read; holds groups, and no letters. */
export class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>()
  readonly #redriven: RedrivenLetters

  constructor(redriven: RedrivenLetters) {
    this.#redriven = redriven
  }

  add(letter: Letter): void {
    const { step, code, reason, timestamp, attempts, partition, offset } = letter
    const fingerprint = fingerprintOf(letter)
    const group = this.#groups.get(fingerprint)
    this.#groups.set(fingerprint, {
      fingerprint,
      step,
      code,
      reason: group?.reason ?? normalised(reason),
      count: (group?.count ?? 0) + 1,
      redriven: (group?.redriven ?? 0) + (this.#redriven.has(letter) ? 1 : 0),
      attempts: Math.max(group?.attempts ?? 0, attempts),
      first: Math.min(group?.first ?? timestamp, timestamp),
      last: Math.max(group?.last ?? timestamp, timestamp),
      example: `${partition}/${offset}`,
    })
  }

  /** The largest first. */
  get all(): LetterGroup[] {
    return [...this.#groups.values()].toSorted(
      (a, b) => b.count - a.count || a.fingerprint.localeCompare(b.fingerprint),
    )
  }
}
