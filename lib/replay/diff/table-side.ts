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
          value: Buffer.from(JSON.stringify(columns.map((column) => stored(value[column])))),
          rest: NOTHING,
        }
      }
    },
    rowOf: ({ value, clock }) => {
      const values = JSON.parse(String(value)) as unknown[]
      return {
        value: Object.fromEntries(columns.map((column, index) => [column, given(values[index])])),
        clock,
      }
    },
  }
}

/** Cells are texts, numbers and booleans, of which JSON lacks only these. V8's own format takes twice the memory. */
function stored(cell: unknown): unknown {
  return typeof cell === 'number' && !Number.isFinite(cell) ? { number: String(cell) } : cell
}

function given(cell: unknown): unknown {
  return typeof cell === 'object' && cell !== null ? Number((cell as { number: string }).number) : cell
}
