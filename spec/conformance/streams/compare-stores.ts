import { canonical, keyText, recordText } from './canonical.ts'
import type { StoreRow, Stores } from './scenario.ts'

/** The first difference between stores as maps: one that is there on one side only, then row by row. */
export function compareStores(expected: Stores, actual: Stores): string | undefined {
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const found = compareRows(own(expected, name), own(actual, name))
    if (found !== undefined) return `store ${name}: ${found}`
  }
  return undefined
}

function own(stores: Stores, name: string): readonly StoreRow[] | undefined {
  return Object.hasOwn(stores, name) ? stores[name] : undefined
}

function compareRows(
  expected: readonly StoreRow[] | undefined,
  actual: readonly StoreRow[] | undefined,
): string | undefined {
  if (expected === undefined) return 'not expected, but there'
  if (actual === undefined) return 'expected, but not there'
  const wanted = byKey(expected)
  const came = byKey(actual)
  // A map hides what is there twice.
  if (came.size < actual.length) return `key ${twice(actual)} is there twice`
  for (const key of new Set([...wanted.keys(), ...came.keys()])) {
    if (wanted.get(key) !== came.get(key)) {
      return `expected ${wanted.get(key) ?? `no row of ${key}`}, came ${came.get(key) ?? 'no such row'}`
    }
  }
  return undefined
}

function byKey(rows: readonly StoreRow[]): Map<string, string> {
  return new Map(
    rows.map(({ key, value, timestamp }) => [canonical(key), recordText({ key, value, timestamp })]),
  )
}

function twice(rows: readonly StoreRow[]): string {
  const seen = new Set<string>()
  const row = rows.find(({ key }) => seen.size === seen.add(canonical(key)).size)
  return keyText(row?.key)
}
