import type { Worker } from '../runtime/worker.ts'
import type { Topology } from '../topology/nodes.ts'
import { type HopCounts, showHops } from './up/live-view.ts'

/** On a terminal, shows what the workers have read and written until `ended`; elsewhere the log is what there is. */
export async function showWork(
  topologies: readonly Topology[],
  workers: readonly Worker[],
  status: () => string,
  ended: AbortSignal,
): Promise<void> {
  if (!process.stderr.isTTY) return
  const hops = () => workers.flatMap(({ counters }, index) => countsOf(topologies[index]!, counters))
  await showHops(process.stderr, () => ({ hops: hops(), status: status() }), ended)
}

/** Records read by topic, records written by topic or table, and the dead letters. */
export function countsOf({ nodes, deadLetters }: Topology, counters: Worker['counters']): HopCounts {
  const hops = nodes.flatMap((node): HopCounts => {
    if ('topic' in node) return [[node.topic.name, counters.get(node.name, 'records')]]
    return node.kind === 'sink' ? [[node.target.name, counters.get(node.name, 'written')]] : []
  })
  return [...hops, [deadLetters.topic, counters.get('dead-letters', 'written')]]
}
