import { duration } from '../duration.ts'
import { MillraceError } from '../errors.ts'
import { instant } from '../instant.ts'

/** Where a range begins, or before which it ends. Times in milliseconds since 1970. */
export type Bound =
  | { readonly how: 'earliest' | 'latest' }
  | { readonly how: 'offset'; readonly offset: number }
  | { readonly how: 'time'; readonly timestamp: number }

/** @throws MillraceError `CONFIG` for anything else than a bound; `option` is what it was given as. */
export function bound(text: string, option: string, now: number): Bound {
  if (text === 'earliest' || text === 'latest') return { how: text }
  if (/^\d+$/.test(text)) return { how: 'offset', offset: Number(text) }
  const time = instant(text)?.getTime() ?? ago(text, now)
  if (time !== undefined) return { how: 'time', timestamp: time }
  throw new MillraceError(
    'CONFIG',
    `${option} ${text}: give earliest, latest, an offset, a time such as 2026-11-22T18:00:00Z, or how long ago, such as 12h`,
  )
}

function ago(text: string, now: number): number | undefined {
  return /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text) ? now - duration(text) : undefined
}
