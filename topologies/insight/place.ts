import { given } from './text.ts'

/** A coordinate as a number; null if it is none, or outside ±limit degrees. */
export function degrees(text: string | null | undefined, limit: number): number | null {
  if (text == null || text.trim() === '') return null
  const value = Number(text)
  return Number.isFinite(value) && Math.abs(value) <= limit ? value : null
}

/** The API gives a number or a string. */
export function postcodeText(postcode: number | string | null | undefined): string | null {
  return postcode == null ? null : given(String(postcode))
}
