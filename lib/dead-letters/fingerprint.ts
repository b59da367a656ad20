import { createHash } from 'node:crypto'
import type { Letter } from './letter.ts'

/** What differs between letters of one kind, most specific first, and what stands in for it. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/"(?:[^"\\]|\\.)*"/g, '"…"'],
  [/'(?:[^'\\\s]|\\.)*'/g, "'…'"],
  [/`[^`]*`/g, '`…`'],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<time>'],
  [/\S+@\S+\.\w+/g, '<address>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, '<id>'],
  [/[-+]?\d[\d,_]*(?:\.\d+)?/g, '<n>'],
]

/** A reason without what it says of one record: numbers, ids, times and quoted values. */
export function normalised(reason: string): string {
  return VARYING.reduce((text, [pattern, instead]) => text.replace(pattern, instead), reason)
}

/** Eight hexadecimal digits: the same for letters that one step refused for one kind of reason. */
export function fingerprintOf({ step, code, reason }: Pick<Letter, 'step' | 'code' | 'reason'>): string {
  const kind = JSON.stringify([step, code, normalised(reason)])
  return createHash('sha256').update(kind).digest('hex').slice(0, 8)
}
