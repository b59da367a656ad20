import { BUCKETS, type BucketedTable, type Copies } from './bucketed-table.ts'
import { type Finding, Findings, type Found } from './findings.ts'
import type { KeyTable } from './key-table.ts'

/** A set of keys, as far as a comparison needs it. */
export interface Keys {
  has(key: string): boolean
}

export interface Comparison {
  /** Columns that may differ. */
  readonly ignored?: ReadonlySet<string> | undefined
  /** Keys that changed while the hops were read: only whether they are there is compared. */
  readonly moving?: Keys | undefined
  /** Which keys are compared: by the time of the newest record that leads to them, or of what is there too many. */
  readonly within?: ((clock: number) => boolean) | undefined
}

/** What should be at a hop, computed from the hop before it, against what is there. */
export function compare(
  hop: string,
  expected: KeyTable,
  actual: KeyTable,
  { ignored, moving, within = () => true }: Comparison = {},
): Finding[] {
  const findings: Finding[] = []
  for (const key of expected.keys()) {
    const should = expected.get(key)!
    if (!within(should.clock)) continue
    const there = actual.get(key)
    if (there === undefined) {
      findings.push({ hop, key, kind: 'missing' })
      continue
    }
    if (moving?.has(key)) continue
    const columns = expected.columns.filter(
      (column, index) => !ignored?.has(column) && should.hashes[index] !== there.hashes[index],
    )
    if (columns.length > 0) findings.push({ hop, key, kind: 'different', columns })
  }
  for (const key of actual.keys()) {
    const tooMany = !expected.has(key) && !moving?.has(key) && within(actual.get(key)!.clock)
    if (tooMany) findings.push({ hop, key, kind: 'too many' })
  }
  return findings
}

/** What is found between two hops of any size. */
export interface Compared {
  readonly found: Findings<Found>
  /** Distinct keys: those that should be there, and those that are. */
  readonly keys: { readonly expected: number; readonly actual: number }
}

export interface TableComparison extends Omit<Comparison, 'moving'> {
  readonly moving?: BucketedTable | undefined
  /** Whether a record that is there more often than it should is told of: in topics. */
  readonly duplicates?: boolean | undefined
}

/** The same bucket by bucket. Both must have the same columns. */
export function compareTables(
  hop: string,
  expected: BucketedTable,
  actual: BucketedTable,
  { moving, duplicates = false, ...options }: TableComparison = {},
): Compared {
  const found = new Findings<Found>()
  const keys = { expected: 0, actual: 0 }
  for (let index = 0; index < BUCKETS; index++) {
    const [should, is] = [expected.bucket(index), actual.bucket(index)]
    keys.expected += should.table.size
    keys.actual += is.table.size
    const comparison = { ...options, moving: moving?.bucket(index).table }
    for (const finding of compare(hop, should.table, is.table, comparison)) {
      const { clock, at } = (should.table.get(finding.key) ?? is.table.get(finding.key))!
      found.add({ ...finding, clock, at })
    }
    if (duplicates)
      for (const key of repeated(should.copies, is.copies)) found.add({ hop, key, kind: 'duplicated' })
  }
  return { found, keys }
}

/** A key for each time that one of its records is there more often than it should; what is too many altogether is not. */
function* repeated(expected: Copies, actual: Copies): Generator<string> {
  for (const [name, { key, times }] of actual) {
    const should = Math.max(1, expected.get(name)?.times ?? 0)
    for (let beyond = should; beyond < times; beyond++) yield key
  }
}
