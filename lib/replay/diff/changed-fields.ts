import { isDeepStrictEqual } from 'node:util'

type Fields = Readonly<Record<string, unknown>>

/** The names of the fields that are not the same. Absent and null are one, as they are in tables. */
export function changedFields(live: Fields, shadow: Fields): string[] {
  const names = new Set([...Object.keys(live), ...Object.keys(shadow)])
  return [...names].filter((name) => !isDeepStrictEqual(live[name] ?? null, shadow[name] ?? null))
}
