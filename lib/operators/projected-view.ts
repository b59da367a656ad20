import type { Row } from '../state/row.ts'
import type { Projection } from './row-projection.ts'
import type { View } from './view.ts'

/** A filtered or mapped table that keeps no rows of its own. (KTableFilterValueGetter, KTableMapValuesValueGetter) */
export function projectedView(parent: View, project: Projection): View {
  const projected = (key: unknown, row: Row<unknown> | undefined): Row<unknown> | undefined => {
    const value = row === undefined ? null : project(row.value, { key })
    return value === null ? undefined : { value, timestamp: row!.timestamp }
  }
  const get: View['get'] = (key) => projected(key, parent.get(key))
  if (parent.asOf === undefined) return { get }
  return { get, asOf: (key, timestamp) => projected(key, parent.asOf?.(key, timestamp)) }
}
