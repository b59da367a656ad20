import { quoteIdentifier, quoteTable } from '../identifier.ts'
import { STORED_TYPES } from './column-types.ts'
import { CLOCK, DELETED } from './reserved-columns.ts'
import type { StoredTable } from './stored-table.ts'

/**
 * Any number of rows in one statement, each where its clock is not smaller than the stored one. Parameters: an array
 * per column in the columns' order, then clocks, then whether the row is a deletion. No key may be there twice.
 *
 * @param condition under which anything is written at all. Default: always.
 */
export function upsertStatement({ name, target }: StoredTable, condition?: string): string {
  const columns = Object.entries(target.columns).map(([column, type]) => ({
    name: quoteIdentifier(column),
    stored: STORED_TYPES[type],
    isKey: target.key.includes(column),
  }))
  const names = [...columns.map((column) => column.name), CLOCK, DELETED].join(', ')
  const types = [...columns.map(({ stored }) => stored.parameter), 'bigint', 'boolean']
  const parameters = types.map((type, index) => `$${index + 1}::${type}[]`)
  const values = columns.map(
    (column) => column.stored.store?.(`given.${column.name}`) ?? `given.${column.name}`,
  )
  const changes = columns
    .filter(({ isKey }) => !isKey)
    .map((column) => `${column.name} = ${newValue(column.name, target.absent)}`)
  const own = [CLOCK, DELETED].map((column) => `${column} = excluded.${column}`)
  return `insert into ${quoteTable(name)} as stored (${names})
    select ${[...values, `given.${CLOCK}`, `given.${DELETED}`].join(', ')}
      from unnest(${parameters.join(', ')}) as given (${names})${condition === undefined ? '' : ` where ${condition}`}
    on conflict (${target.key.map(quoteIdentifier).join(', ')}) do update set ${[...changes, ...own].join(', ')}
      where excluded.${CLOCK} >= stored.${CLOCK}`
}

/** How many parameters `upsertStatement` has. */
export function upsertParameters({ target }: StoredTable): number {
  return Object.keys(target.columns).length + 2
}

/** A deletion clears the row whatever its target says of absent fields. */
function newValue(column: string, absent: StoredTable['target']['absent']): string {
  if (absent === 'null') return `excluded.${column}`
  return `case when excluded.${DELETED} then null else coalesce(excluded.${column}, stored.${column}) end`
}

/** Every row that is not deleted: the columns in their order, then the clock. */
export function selectStatement(stored: StoredTable): string {
  return `${selection(stored)} where not ${DELETED}`
}

/** One row, deleted or not. Parameters: the primary key's columns in their order, in the shape of rows. */
export function selectRowStatement(stored: StoredTable): string {
  const { columns, key } = stored.target
  const where = key.map((column, index) => {
    const { parameter, store } = STORED_TYPES[columns[column]!]
    const given = `$${index + 1}::${parameter}`
    return `${quoteIdentifier(column)} = ${store?.(given) ?? given}`
  })
  return `${selection(stored, DELETED)} where ${where.join(' and ')}`
}

function selection({ name, target }: StoredTable, ...more: readonly string[]): string {
  const columns = Object.entries(target.columns).map(([column, type]) => {
    const quoted = quoteIdentifier(column)
    return `${STORED_TYPES[type].load?.(quoted) ?? quoted} as ${quoted}`
  })
  return `select ${[...columns, CLOCK, ...more].join(', ')} from ${quoteTable(name)}`
}
