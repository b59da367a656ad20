import { MillraceError } from '../errors.ts'
import type { Topology } from './nodes.ts'

/** Kafka's rule for topic names, since step names become parts of topic, group and metric names. */
const LEGAL = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** @throws MillraceError `CONFIG` for a name that is missing or not legal. */
export function checkName(what: string, name: string): void {
  if (typeof name === 'string' && LEGAL.test(name)) return
  throw new MillraceError(
    'CONFIG',
    `a ${what} needs a name of letters, digits, ".", "_" or "-" (at most 100), not ${JSON.stringify(name)}`,
  )
}

/** What can be known without a server: names, and that every branch ends in a sink. */
export function checkTopology(topology: Topology): void {
  const seen = new Set<string>()
  for (const node of topology.nodes) {
    checkName(`step of topology "${topology.name}"`, node.name)
    if (seen.has(node.name)) {
      throw new MillraceError(
        'CONFIG',
        `topology "${topology.name}" has two steps named "${node.name}"; rename one`,
        {
          step: node.name,
        },
      )
    }
    seen.add(node.name)
  }
  if (!topology.nodes.some((node) => node.kind === 'source')) {
    throw new MillraceError('CONFIG', `topology "${topology.name}" has no source`)
  }
  const parents = new Set(topology.nodes.map((node) => (node.kind === 'source' ? undefined : node.parent)))
  const loose = topology.nodes.find((node) => node.kind !== 'sink' && !parents.has(node))
  if (loose !== undefined) {
    throw new MillraceError(
      'CONFIG',
      `step "${loose.name}" of topology "${topology.name}" leads nowhere; end its branch with sink(...)`,
      { step: loose.name },
    )
  }
}
