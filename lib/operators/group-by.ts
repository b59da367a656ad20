import { internalSerde } from '../contract/internal-serde.ts'
import { stringKey } from '../contract/serde.ts'
import { rekeyed } from '../record.ts'
import { KeyCodec } from '../state/key-codec.ts'
import { requireRows } from '../topology/old-rows.ts'
import { repartitionNode } from '../topology/repartition-nodes.ts'
import { GroupedTable, type StepOptions, type Table } from '../topology/stream.ts'
import type { Change, GroupByNode } from '../topology/table-nodes.ts'
import type { Format } from '../topology/topic.ts'
import { formerProjection, projection } from './row-projection.ts'
import type { Push, StepRuntime } from './step.ts'

export interface GroupByOptions<K, V> extends StepOptions {
  /** How group keys are written. Default: text. */
  readonly key?: Format<K>
  /** How values are written on their way to their group. Default: any structured value. */
  readonly value?: Format<V>
}

/** What a row adds to which group; null, or a null in it: to none. */
export type GroupOf<K, V> = readonly [key: K | null, value: V | null] | null

/**
 * Gives each row a group and what it adds to it, for `groupCount`, `groupReduce` or `groupAggregate`. A row that
 * changes is taken from its old group and added to its new one: in one step where that is the same. The groups are
 * behind a topic `<application>-<name>-repartition`. (KTable#groupBy, KTableRepartitionMap)
 *
 * ```text
 * groupBy('by-country', (user) => [user.country, user.age])
 * table   a: de,30    b: de,40    a: de,31         a: fr,31         b: null
 * groups  de: +30     de: +40     de: -30 +31      de: -31          de: -40
 *                                                  fr: +31
 * ```
 *
 * A row of a versioned table that is older than the newest one changes no group. One on which `group` throws is a dead
 * letter, and in no group.
 *
 * @throws MillraceError `CONFIG` for a table whose rows are not kept: what is taken away must be known.
 */
export function groupBy<K, V, VG>(
  name: string,
  group: (row: V, key: NoInfer<K>) => GroupOf<string, VG>,
  options?: GroupByOptions<never, NoInfer<VG>> & { readonly key?: never },
): (table: Table<K, V>) => GroupedTable<string, VG>
export function groupBy<K, V, KG, VG>(
  name: string,
  group: (row: V, key: NoInfer<K>) => GroupOf<KG, VG>,
  options: GroupByOptions<KG, NoInfer<VG>> & { readonly key: Format<KG> },
): (table: Table<K, V>) => GroupedTable<KG, VG>
export function groupBy<K, V, KG, VG>(
  name: string,
  group: (row: V, key: NoInfer<K>) => GroupOf<KG, VG>,
  { key, value, onError }: GroupByOptions<KG, VG> = {},
): (table: Table<K, V>) => GroupedTable<KG, VG> {
  const keys = (key ?? stringKey) as Format<unknown>
  return (table) => {
    requireRows(name, table)
    const said = { kind: 'groupBy', name, group: group as GroupByNode['group'], key: keys } as const
    const grouped = table.add(said, { onError })
    const through = repartitionNode(grouped, name, {
      key: keys,
      value: value as Format<unknown> | undefined,
      carries: 'changes',
    })
    return new GroupedTable(table.graph.add(through), table.graph)
  }
}

/** In a group, where it is in any. */
interface Member {
  readonly key: unknown
  /** By which two keys are compared. */
  readonly code: string
  readonly value: unknown
}

export function groupByStep(node: GroupByNode, next: Push, runtime: StepRuntime): Push {
  const keys = new KeyCodec(internalSerde(node.key))
  const member = (row: never, from: unknown): Member | null => {
    const [key, value] = node.group(row, from) ?? []
    if (key == null || value == null) return null
    return { key, code: typeof key === 'string' ? key : keys.encode(key), value }
  }
  const memberOf = projection(node, member, runtime)
  const formerOf = formerProjection(node, member)
  return (value, context) => {
    const change = value as Change
    if (!change.latest) return runtime.drop(node, 'out-of-order', change.new, context)
    const old = formerOf(change.old, context) as Member | null
    const now = memberOf(change.new, context) as Member | null
    const tell = (group: Member, from: unknown, to: unknown) =>
      next({ old: from, new: to, latest: true }, rekeyed(context, group.key, context.timestamp))
    if (old !== null && now !== null && old.code === now.code) {
      tell(now, old.value, now.value)
      return
    }
    // The old group first: its records go to another task, perhaps, but in one they are in this order.
    if (old !== null) tell(old, old.value, null)
    if (now !== null) tell(now, null, now.value)
  }
}
