import { deserialize, serialize } from 'node:v8'
import type { TableReader } from '../../ports.ts'
import type { TableTarget } from '../../table/table.ts'
import type { DiffSide } from './diff-row.ts'
import { keyOfColumns } from './key-text.ts'

const NOTHING = Buffer.alloc(0)

/** @param clocks whether it is asked when rows were written; not all servers say it unasked. */
export function tableSide(reader: TableReader, target: TableTarget, clocks: boolean): DiffSide {
  const columns = Object.keys(target.columns)
  return {
    unreadable: 0,
    async *entries() {
      for await (const { value, clock } of reader.readTable(target, { clock: clocks })) {
        yield {
          key: keyOfColumns(target.key.map((column) => value[column])),
          clock,
          value: serialize(columns.map((column) => value[column])),
          rest: NOTHING,
        }
      }
    },
    rowOf: ({ value, clock }) => {
      const values = deserialize(value!) as unknown[]
      return { value: Object.fromEntries(columns.map((column, index) => [column, values[index]])), clock }
    },
  }
}
