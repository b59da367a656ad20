const DAY = 86_400_000

/** Milliseconds of an ISO 8601 instant or date; undefined if absent, NaN if it is none. */
export function instantOf(text: string | null | undefined): number | undefined {
  if (text == null || text.trim() === '') return undefined
  return /^\d{4}-\d{2}-\d{2}/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN
}

/** Days since 1970 of the UTC date. */
export function dayOf(instant: number): number {
  return Math.floor(instant / DAY)
}

/** Whole years from a birth date to an instant, both UTC. Born on 29 February counts from 1 March in common years. */
export function ageAt(birthDay: number, instant: number): number {
  const birth = new Date(birthDay * DAY)
  const at = new Date(instant)
  const before =
    at.getUTCMonth() < birth.getUTCMonth() ||
    (at.getUTCMonth() === birth.getUTCMonth() && at.getUTCDate() < birth.getUTCDate())
  return at.getUTCFullYear() - birth.getUTCFullYear() - (before ? 1 : 0)
}

const BANDS: ReadonlyArray<readonly [upTo: number, band: string]> = [
  [17, '0-17'],
  [24, '18-24'],
  [34, '25-34'],
  [44, '35-44'],
  [54, '45-54'],
  [64, '55-64'],
]

export function ageBand(age: number): string {
  return BANDS.find(([upTo]) => age <= upTo)?.[1] ?? '65+'
}

export function wholeDays(from: number, to: number): number {
  return Math.trunc((to - from) / DAY) + 0
}

/** "+9:30" → 570, "-3:30" → -210; null for anything else. */
export function offsetMinutes(text: string | null | undefined): number | null {
  const match = /^([+-]?)(\d{1,2}):([0-5]\d)$/.exec((text ?? '').trim())
  if (match === null) return null
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' && minutes > 0 ? -minutes : minutes
}
