import type { KeyTable } from './key-table.ts'

export interface Finding {
  readonly hop: string
  readonly key: string
  readonly kind: 'missing' | 'different' | 'too many'
  /** The columns that differ. Never their values. */
  readonly columns?: readonly string[]
}

/** A set of keys, as far as a comparison needs it. */
export interface Keys {
  has(key: string): boolean
}

export interface Comparison {
  /** Columns that may differ. */
  readonly ignored?: ReadonlySet<string> | undefined
  /** Keys that changed while the hops were read: only whether they are there is compared. */
  readonly moving?: Keys | undefined
}

/** What should be at a hop, computed from the hop before it, against what is there. */
export function compare(
  hop: string,
  expected: KeyTable,
  actual: KeyTable,
  { ignored, moving }: Comparison = {},
): Finding[] {
  const findings: Finding[] = []
  for (const key of expected.keys()) {
    const there = actual.get(key)
    if (there === undefined) {
      findings.push({ hop, key, kind: 'missing' })
      continue
    }
    if (moving?.has(key)) continue
    const should = expected.get(key)!
    const columns = expected.columns.filter(
      (column, index) => !ignored?.has(column) && should.hashes[index] !== there.hashes[index],
    )
    if (columns.length > 0) findings.push({ hop, key, kind: 'different', columns })
  }
  for (const key of actual.keys()) {
    if (!expected.has(key) && !moving?.has(key)) findings.push({ hop, key, kind: 'too many' })
  }
  return findings
}

/** The same for things that are only there or not: dead letters by where they came from. */
export function compareSets(
  hop: string,
  expected: ReadonlySet<string>,
  actual: ReadonlySet<string>,
  moving?: Keys,
): Finding[] {
  return [
    ...[...expected].filter((key) => !actual.has(key)).map((key) => ({ hop, key, kind: 'missing' as const })),
    ...[...actual]
      .filter((key) => !expected.has(key) && !moving?.has(key))
      .map((key) => ({ hop, key, kind: 'too many' as const })),
  ]
}
