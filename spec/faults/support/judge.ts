/** A record of a numbered input: the numbers of one key rise. */
export interface Numbered {
  readonly key: string
  readonly n: number
}

export interface Verdict {
  /** Expected and not seen, `key/n`. */
  readonly lost: readonly string[]
  /** Seen more often than expected, once for each time too many. */
  readonly duplicated: readonly string[]
  /** Seen and never expected. */
  readonly unexpected: readonly string[]
  /** Seen for the first time behind a later one of the same key. */
  readonly unordered: readonly string[]
}

export const CLEAN: Verdict = { lost: [], duplicated: [], unexpected: [], unordered: [] }

/** Compares what should have come, recomputed from the input, with what a reader saw, in the order it saw it. */
export function judge(expected: Iterable<Numbered>, seen: Iterable<Numbered>): Verdict {
  const missing = new Set<string>()
  for (const { key, n } of expected) missing.add(`${key}/${n}`)
  const wanted = new Set(missing)
  const largest = new Map<string, number>()
  const duplicated: string[] = []
  const unexpected: string[] = []
  const unordered: string[] = []
  for (const { key, n } of seen) {
    const name = `${key}/${n}`
    if (!wanted.has(name)) unexpected.push(name)
    else if (!missing.delete(name)) duplicated.push(name)
    else if (n < (largest.get(key) ?? n)) unordered.push(name)
    largest.set(key, Math.max(n, largest.get(key) ?? n))
  }
  return { lost: [...missing], duplicated, unexpected, unordered }
}
