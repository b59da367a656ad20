import type { TableTarget } from '../../table/table.ts'
import { isTopic } from '../../topology/nodes.ts'
import { sinkName } from '../shadow.ts'
import type { Difference } from './compared-sink.ts'
import { keyOfColumns } from './key-text.ts'
import type { Shown } from './shown-values.ts'

/** A difference for people and programs, its values masked unless they may be seen. */
export interface ShownDifference {
  readonly sink: string
  readonly key: string
  readonly kind: Kind
  /** Of a changed one, those that changed; else all that are not null. */
  readonly fields: Readonly<Record<string, { readonly live?: unknown; readonly shadow?: unknown }>>
}

/** Added is in the shadow alone, missing is in live alone. */
export type Kind = 'added' | 'missing' | 'changed'

export function kindOf({ live, shadow }: Difference): Kind {
  if (live === null) return 'added'
  return shadow === null ? 'missing' : 'changed'
}

export function shownDifference(
  difference: Difference,
  fields: readonly string[],
  shown: Shown,
): ShownDifference {
  const { live, shadow } = difference
  const present = Object.entries((live ?? shadow)!.value).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [name],
  )
  const named = live && shadow ? fields : present
  const sides = named.map((field) => [
    field,
    {
      ...(live && { live: shown.value(field, live.value[field]) }),
      ...(shadow && { shadow: shown.value(field, shadow.value[field]) }),
    },
  ])
  return {
    sink: sinkName(difference.sink),
    key: shownKey(difference, shown),
    kind: kindOf(difference),
    fields: Object.fromEntries(sides),
  }
}

/** Keys are named, but for columns that are sensitive. */
function shownKey({ sink: { target }, key, live, shadow }: Difference, shown: Shown): string {
  if (isTopic(target)) return key
  const { key: columns } = target as TableTarget
  if (!columns.some((column) => shown.hides(column))) return key
  const { value } = (live ?? shadow)!
  return keyOfColumns(
    columns.map((column) => (shown.hides(column) ? shown.value(column, value[column]) : value[column])),
  )
}
