import type { Contract } from '../contract/avro.ts'
import { GENERATION } from '../runtime/generation-header.ts'
import type { ColumnType, TableTarget } from '../table/table.ts'
import { isTopic, type SinkNode } from '../topology/nodes.ts'
import type { Format } from '../topology/topic.ts'

/** The fields of a contract, which are what is compared. */
export function columnsOf(format: Format<unknown>): string[] {
  const { schema } = format as Contract<unknown> & { schema: { fields: ReadonlyArray<{ name: string }> } }
  return schema.fields.map(({ name }) => name)
}

/** Of a topic also the generation: what comes again in another one is there once more on purpose. */
export function columnsOfSink({ target }: SinkNode): string[] {
  return isTopic(target)
    ? [...columnsOf(target.value), GENERATION]
    : Object.keys((target as TableTarget).columns)
}

/** A row's primary key as text. */
export function rowKey({ key }: TableTarget, value: Readonly<Record<string, unknown>>): string {
  return key.map((column) => String(value[column])).join('/')
}

const NUMBERS: ReadonlySet<ColumnType> = new Set(['int', 'bigint', 'double', 'date', 'timestamp'])

/** The primary key's values again; undefined where one of them holds a slash, so that nobody can tell. */
export function keyValues({ key, columns }: TableTarget, text: string): unknown[] | undefined {
  const parts = key.length === 1 ? [text] : text.split('/')
  if (parts.length !== key.length) return undefined
  return key.map((column, index) => {
    const type = columns[column]!
    if (type === 'boolean') return parts[index] === 'true'
    return NUMBERS.has(type) ? Number(parts[index]) : parts[index]
  })
}
