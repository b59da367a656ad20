import type { CountsByStep } from '../runtime/counters.ts'
import type { Topology } from '../topology/nodes.ts'
import { type HopCounts, showHops } from './up/live-view.ts'

/** On a terminal, shows what the workers of all threads have read and written until `ended`; elsewhere the log is what there is. */
export async function showWork(
  topologies: readonly Topology[],
  counts: () => readonly CountsByStep[],
  status: () => string,
  ended: AbortSignal,
): Promise<void> {
  if (!process.stderr.isTTY) return
  const hops = () => {
    const now = counts()
    return topologies.flatMap((topology, index) => countsOf(topology, now[index] ?? {}))
  }
  await showHops(process.stderr, () => ({ hops: hops(), status: status() }), ended)
}

/** Records read by topic, records written by topic or table, and the dead letters. */
export function countsOf({ nodes, deadLetters }: Topology, counts: CountsByStep): HopCounts {
  const of = (step: string, what: string) => counts[step]?.[what] ?? 0
  const hops = nodes.flatMap((node): HopCounts => {
    if ('topic' in node) return [[node.topic.name, of(node.name, 'records')]]
    return node.kind === 'sink' ? [[node.target.name, of(node.name, 'written')]] : []
  })
  return [...hops, [deadLetters.topic, of('dead-letters', 'written')]]
}
