import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Shorter ones may occur anywhere by chance. */
export const shortest = 6

/** Every byte of every segment of every topic and partition, internal ones included. */
export function logBytes(dataDir: string): Buffer {
  const segments = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.log'),
  )
  return Buffer.concat(segments.map((path) => readFileSync(join(dataDir, path))))
}

/** Which of these texts occur in the bytes, as UTF-8. */
export function findIn(bytes: Buffer, texts: Iterable<string>): Set<string> {
  const byStart = new Map<string, [sought: string, text: string][]>()
  for (const text of texts) {
    const sought = Buffer.from(text).toString('latin1')
    if (sought.length < shortest) throw new Error(`${sought.length} bytes are too few to look for`)
    const start = sought.slice(0, shortest)
    byStart.set(start, [...(byStart.get(start) ?? []), [sought, text]])
  }
  const haystack = bytes.toString('latin1')
  const found = new Set<string>()
  for (let i = 0; i + shortest <= haystack.length; i++) {
    for (const [sought, text] of byStart.get(haystack.slice(i, i + shortest)) ?? []) {
      if (haystack.startsWith(sought, i)) found.add(text)
    }
  }
  return found
}
