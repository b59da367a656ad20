import type { Headers, OutRecord, RawRecord } from '../record.ts'
import type { Origin } from '../runtime/outbox.ts'
import { Refusals } from '../runtime/refusals.ts'
import { ATTEMPTS } from './letter.ts'

/** What is refused again says how often it has been redriven by then. */
export class CountedRefusals extends Refusals {
  readonly #attempts = new WeakMap<RawRecord, number>()
  #refused = 0

  /** How many have been refused again. */
  get refused(): number {
    return this.#refused
  }

  attempted(raw: RawRecord, attempts: number): void {
    this.#attempts.set(raw, attempts)
  }

  override handle(error: unknown, origin: Origin): OutRecord | undefined {
    const letter = super.handle(error, origin)
    this.#refused++
    const attempts = this.#attempts.get(origin.raw) ?? 1
    return letter && { ...letter, headers: withAttempts(letter.headers, attempts) }
  }
}

export function withAttempts(headers: Headers, attempts: number): Headers {
  return [...headers, [ATTEMPTS, Buffer.from(String(attempts))]]
}
