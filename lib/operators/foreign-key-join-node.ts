import { structured } from '../contract/structured.ts'
import { requireRows } from '../topology/old-rows.ts'
import { type StepOptions, Table } from '../topology/stream.ts'
import type { Format } from '../topology/topic.ts'
import { type ForeignKeyJoin, foreignKeyNodes } from './foreign-key-nodes.ts'

export interface ForeignKeyJoinOptions<R> extends StepOptions {
  /** Whether the result is kept in a store with the step's name, so that it can be asked for rows. Default true. */
  readonly materialize?: boolean
  /** How its rows are kept. Default: any structured value. */
  readonly value?: Format<R>
}

/** The step of the result, behind those that ask and answer. */
export function joinedByForeignKey<K, V, R>(
  said: Pick<ForeignKeyJoin, 'type' | 'name'>,
  right: Table<unknown, unknown>,
  foreignKeyOf: unknown,
  join: unknown,
  { materialize = true, value, onError }: ForeignKeyJoinOptions<R>,
): (table: Table<K, V>) => Table<K, R> {
  const foreignKey = foreignKeyOf as ForeignKeyJoin['foreignKey']
  const rows = materialize ? ((value ?? structured()) as Format<unknown>) : undefined
  return (left) => {
    for (const side of [left, right]) requireRows(said.name, side)
    const whole = { ...said, right, foreignKey, join: join as ForeignKeyJoin['join'], rows, onError }
    return new Table<K, R>(foreignKeyNodes(left, whole), left.graph)
  }
}
