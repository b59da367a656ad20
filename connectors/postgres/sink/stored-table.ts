import { MillraceError } from '../../../lib/errors.ts'
import type { SinkTarget } from '../../../lib/ports.ts'
import type { TableTarget } from '../../../lib/table/table.ts'
import type { TableDefinition } from '../table-resource.ts'
import { STORED_TYPES } from './column-types.ts'
import { CLOCK, DELETED, requireUnreserved } from './reserved-columns.ts'

/** A target's table as it is in PostgreSQL. */
export interface StoredTable {
  readonly schema: string
  /** Without its schema. */
  readonly table: string
  /** `schema.table`. */
  readonly name: string
  readonly target: TableTarget
}

/**
 * A target of any connector whose tables have typed columns: PostgreSQL also stands in for Cassandra.
 * @param schema where a table without a schema in its name is.
 * @throws {MillraceError} `CONFIG` for a column named as one of the sink's own.
 */
export function storedTable(sinkTarget: SinkTarget, schema: string): StoredTable {
  const target = tableTarget(sinkTarget)
  requireUnreserved(target)
  const [table = '', own = schema] = target.name.split('.').toReversed()
  return { schema: own, table, name: `${own}.${table}`, target }
}

export function tableDefinition({ name, target }: StoredTable): TableDefinition {
  const columns = Object.entries(target.columns).map(([column, type]) => [column, STORED_TYPES[type].type])
  return {
    name,
    columns: { ...Object.fromEntries(columns), [CLOCK]: 'bigint', [DELETED]: 'boolean' },
    constraints: { [CLOCK]: 'not null', [DELETED]: 'not null default false' },
    primaryKey: target.key,
  }
}

function tableTarget(target: SinkTarget): TableTarget {
  if ('columns' in target && 'key' in target) return target as TableTarget
  throw new MillraceError('INTERNAL', `sink target ${target.name} of ${target.connector} is no table`)
}
