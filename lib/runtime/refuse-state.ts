import { MillraceError } from '../errors.ts'
import type { Topology } from '../topology/nodes.ts'

const STATELESS: ReadonlySet<string> = new Set([
  'source',
  'map',
  'flatMap',
  'filter',
  'peek',
  'validate',
  'branch',
  'route',
  'merge',
  'rx',
  'enrich',
  'keyBy',
  'sink',
])

/**
 * The worker does not keep state or internal topics safe yet: better to say so than to lose them.
 *
 * @throws MillraceError `CONFIG`, naming the steps.
 */
export function refuseState(topology: Topology): void {
  const steps = topology.nodes.filter(({ kind }) => !STATELESS.has(kind))
  if (steps.length === 0) return
  const names = steps.map(({ name }) => `"${name}"`).join(', ')
  throw new MillraceError(
    'CONFIG',
    `topology "${topology.name}" has steps that keep state or repartition (${names}), which a worker can't run yet; run it in the test driver of millrace/testing`,
    { step: steps[0]!.name },
  )
}
