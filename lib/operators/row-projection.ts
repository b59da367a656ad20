import type { Context } from '../record.ts'
import type { Node } from '../topology/nodes.ts'
import { guarded, REFUSED, type StepRuntime } from './step.ts'

/** What a row becomes; null: there is none. */
export type Projection = (row: unknown, context: Pick<Context, 'key'>) => unknown

/**
 * What a step on tables makes of a row. One for which that fails is a dead letter and has no result, as if it had been
 * deleted: the result never shows what was made of an older row.
 */
export function projection(
  node: Node,
  project: (row: never, key: unknown) => unknown,
  runtime: Pick<StepRuntime, 'refuse'>,
): Projection {
  const attempt = guarded(node, (row: never, { key }) => project(row, key) ?? null, runtime)
  return (row, context) => {
    const result = row === null ? null : attempt(row, context as Context)
    return result === REFUSED ? null : result
  }
}

/** The same for a row that was there before: if it failed, it was refused then. */
export function formerProjection(node: Node, project: (row: never, key: unknown) => unknown): Projection {
  return projection(node, project, { refuse: () => {} })
}
