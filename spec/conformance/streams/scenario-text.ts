import { canonical, recordText } from './canonical.ts'
import type { Key, Scenario, StoreRow } from './scenario.ts'

/** A scenario as a file: a line for each record, so that diffs can be read. Stores are sorted by key, start and end. */
export function scenarioText(scenario: Scenario): string {
  const { topology, case: name, params, seed, oracle, inputs, outputs, stores } = scenario
  const parts = [
    field('topology', canonical(topology)),
    name === undefined ? [] : field('case', canonical(name)),
    field('params', canonical(params)),
    seed === undefined ? [] : field('seed', canonical(seed)),
    oracle === undefined ? [] : field('oracle', canonical(oracle)),
    field('inputs', lines(inputs, ' ')),
    outputs === undefined ? [] : field('outputs', lines(outputs, ' ')),
    stores === undefined ? [] : field('stores', storesText(stores)),
  ]
  return `{\n${parts.flat().join(',\n')}\n}\n`
}

function field(name: string, text: string): string[] {
  return [` ${JSON.stringify(name)}: ${text}`]
}

function storesText(stores: NonNullable<Scenario['stores']>): string {
  const texts = Object.entries(stores).map(
    ([name, rows]) => `  ${JSON.stringify(name)}: ${lines(rows.toSorted(byKey), '  ')}`,
  )
  return texts.length === 0 ? '{}' : `{\n${texts.join(',\n')}\n }`
}

function lines(records: readonly object[], indent: string): string {
  if (records.length === 0) return '[]'
  const texts = records.map((record) => `${indent} ${recordText({ ...record })}`)
  return `[\n${texts.join(',\n')}\n${indent}]`
}

/** Keys as UTF-16, which is how JavaScript compares. */
function byKey(a: StoreRow, b: StoreRow): number {
  const left = parts(a.key)
  const right = parts(b.key)
  if (left.key !== right.key) return left.key < right.key ? -1 : 1
  return left.start - right.start || left.end - right.end
}

function parts(key: Exclude<Key, null>): { key: string; start: number; end: number } {
  return typeof key === 'string' ? { key, start: 0, end: 0 } : key
}
