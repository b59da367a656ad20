import type { Context } from '../record.ts'
import type { StreamGlobalJoinNode } from '../topology/join-nodes.ts'
import { type Entered, type GlobalTable, type StepOptions, Stream } from '../topology/stream.ts'
import { guarded, type Push, REFUSED, type StepRuntime } from './step.ts'

/**
 * Joins each record with a row of the global table, found by a key of the record's choosing, if there is one. No time
 * is compared: the row is the one that arrived last. Records without a value, or for which `keyOf` gives null, are left
 * out; their own key may be null, and need not be where the row's is. (KStream#join with a GlobalKTable)
 *
 * ```text
 * global  de: g1@100             de: g2@0
 * stream             s@5, of de            s@7, of de   s@9, of fr
 * result             s+g1                  s+g2
 * ```
 */
export function joinGlobal<K, V, KG, Row, R>(
  name: string,
  global: GlobalTable<KG, Row>,
  keyOf: (value: Exclude<V, null>, context: Context<NoInfer<K>>) => NoInfer<KG> | null,
  join: (value: Exclude<V, null>, row: Row, context: Context<NoInfer<K>>) => R,
  options?: StepOptions,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joining('inner', name, global, keyOf, join, options)
}

/**
 * Joins as `joinGlobal` does, and with null where there is no row, or `keyOf` gives null. Records without a value are
 * left out. (KStream#leftJoin with a GlobalKTable)
 *
 * ```text
 * global  de: g1@100             de: null@0
 * stream             s@5, of de               s@7, of de   s@9, of null
 * result             s+g1                     s+null       s+null
 * ```
 */
export function leftJoinGlobal<K, V, KG, Row, R>(
  name: string,
  global: GlobalTable<KG, Row>,
  keyOf: (value: Exclude<V, null>, context: Context<NoInfer<K>>) => NoInfer<KG> | null,
  join: (value: Exclude<V, null>, row: Row | null, context: Context<NoInfer<K>>) => R,
  options?: StepOptions,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  return joining('left', name, global, keyOf, join, options)
}

function joining<K, V, R>(
  type: StreamGlobalJoinNode['type'],
  name: string,
  global: GlobalTable<unknown, unknown>,
  by: unknown,
  join: unknown,
  options: StepOptions | undefined,
): (stream: Stream<K, V>) => Stream<K, R, Entered<K, V>> {
  const said = {
    kind: 'streamGlobalJoin',
    name,
    type,
    global: global.node,
    by: by as StreamGlobalJoinNode['by'],
    join: join as StreamGlobalJoinNode['join'],
  } as const
  return (stream) => new Stream(stream.add(said, options), stream.graph)
}

const NO_KEY = Symbol('no-key')
const NO_ROW = Symbol('no-row')

/** (KStreamGlobalKTableJoin) */
export function streamGlobalJoinStep(node: StreamGlobalJoinNode, next: Push, runtime: StepRuntime): Push {
  const rows = runtime.globals.get(node.global)!
  const join = guarded(
    node,
    (value: unknown, context) => {
      const key = node.by(value as never, context) ?? null
      if (key === null && node.type === 'inner') return NO_KEY
      const row = key === null ? undefined : rows.get(key)
      if (row === undefined && node.type === 'inner') return NO_ROW
      return node.join(value as never, (row?.value ?? null) as never, context)
    },
    runtime,
  )
  return (value, context) => {
    if (value === null) return runtime.drop(node, 'null-value', value, context)
    const result = join(value, context)
    if (result === NO_KEY) runtime.drop(node, 'null-key', value, context)
    else if (result !== REFUSED && result !== NO_ROW) next(result, context)
  }
}
