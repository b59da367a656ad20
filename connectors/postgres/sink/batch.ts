import type { TableWrite } from '../../../lib/table/table-row.ts'
import { toParameter } from './column-types.ts'
import type { StoredTable } from './stored-table.ts'

/** The parameters of `upsertStatement` for these writes. */
export function parametersOf({ target }: StoredTable, writes: readonly TableWrite[]): unknown[][] {
  const columns = Object.keys(target.columns).map((column, index) => {
    const part = target.key.indexOf(column)
    const partOf = ({ key, values }: TableWrite) =>
      part >= 0 ? key[part] : values === undefined ? null : values[index]
    return writes.map((write) => toParameter(partOf(write)))
  })
  const clocks = writes.map(({ clock }) => clock)
  const deletions = writes.map(({ values }) => values === undefined)
  return [...columns, clocks, deletions]
}

/**
 * Every batch takes its rows in one order, whoever writes it: two that hold the same rows then wait for each other
 * instead of ending in a deadlock.
 */
export function inKeyOrder(writes: readonly TableWrite[]): TableWrite[] {
  return writes.toSorted(({ id: one }, { id: other }) => (one < other ? -1 : one > other ? 1 : 0))
}
