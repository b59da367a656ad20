import type { KeyTable } from './key-table.ts'

export interface Finding {
  readonly hop: string
  readonly key: string
  readonly kind: 'missing' | 'different' | 'too many'
  /** The columns that differ. Never their values. */
  readonly columns?: readonly string[]
}

/** What should be at a hop, computed from the hop before it, against what is there. */
export function compare(
  hop: string,
  expected: KeyTable,
  actual: KeyTable,
  ignored: ReadonlySet<string>,
): Finding[] {
  const findings: Finding[] = []
  for (const key of expected.keys()) {
    const there = actual.get(key)
    if (there === undefined) {
      findings.push({ hop, key, kind: 'missing' })
      continue
    }
    const should = expected.get(key)!
    const columns = expected.columns.filter(
      (column, index) => !ignored.has(column) && should.hashes[index] !== there.hashes[index],
    )
    if (columns.length > 0) findings.push({ hop, key, kind: 'different', columns })
  }
  for (const key of actual.keys()) {
    if (expected.get(key) === undefined) findings.push({ hop, key, kind: 'too many' })
  }
  return findings
}

/** The same for things that are only there or not: dead letters by where they came from. */
export function compareSets(
  hop: string,
  expected: ReadonlySet<string>,
  actual: ReadonlySet<string>,
): Finding[] {
  return [
    ...[...expected].filter((key) => !actual.has(key)).map((key) => ({ hop, key, kind: 'missing' as const })),
    ...[...actual]
      .filter((key) => !expected.has(key))
      .map((key) => ({ hop, key, kind: 'too many' as const })),
  ]
}
