import type { Contract } from '../contract/avro.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic, type SinkNode } from '../topology/nodes.ts'
import type { Format } from '../topology/topic.ts'

/** The fields of a contract, which are what is compared. */
export function columnsOf(format: Format<unknown>): string[] {
  const { schema } = format as Contract<unknown> & { schema: { fields: ReadonlyArray<{ name: string }> } }
  return schema.fields.map(({ name }) => name)
}

export function columnsOfSink({ target }: SinkNode): string[] {
  return isTopic(target) ? columnsOf(target.value) : Object.keys((target as TableTarget).columns)
}

/** A row's primary key as text. */
export function rowKey({ key }: TableTarget, value: Readonly<Record<string, unknown>>): string {
  return key.map((column) => String(value[column])).join('/')
}
