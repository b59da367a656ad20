import type { RawRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { TopicSerdes } from './sink.ts'

/** What became of a record of a global table's topic. */
export type GlobalUpdate = 'records' | 'null-key' | 'refused'

/**
 * Each record becomes its key's row, by arrival. One that can't be read is left out: every worker has the same rows all
 * the same. (GlobalStateUpdateTask)
 */
export function updateGlobalTable(
  rows: KeyValueStore<unknown, unknown>,
  { key, value, timestamp }: RawRecord,
  serdes: TopicSerdes,
  count: (what: GlobalUpdate, error?: unknown) => void,
): void {
  if (key === null) {
    count('null-key')
    return
  }
  try {
    const row = value === null ? null : serdes.value.decode(value)
    rows.put(serdes.key.decode(key), row, timestamp)
    count('records')
  } catch (error) {
    count('refused', error)
  }
}
