import type { Contract } from '../../contract/avro.ts'
import { sensitiveFields } from '../../contract/sensitive-fields.ts'
import { isTopic, type Topology } from '../../topology/nodes.ts'
import { masked } from '../dlq/masked.ts'

export interface Showing {
  readonly values: boolean
  readonly sensitive: boolean
}

/** How values are shown: their shape; or as they are, but for what any contract of the topology calls sensitive. */
export function showing(topology: Topology, { values, sensitive }: Showing): (value: unknown) => unknown {
  if (!values && !sensitive) return masked
  if (sensitive) return (value) => value
  const names = sensitiveNames(topology)
  const shown = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shown)
    if (typeof value !== 'object' || value === null || value instanceof Date || Buffer.isBuffer(value))
      return value
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [name, names.has(name) ? masked(field) : shown(field)]),
    )
  }
  return shown
}

/** The last part of their paths: a step hands on what it has been given under the same name in another place. */
function sensitiveNames({ nodes }: Topology): ReadonlySet<string> {
  const topics = nodes.flatMap((node) => {
    const target = 'topic' in node ? node.topic : node.kind === 'sink' ? node.target : undefined
    return target !== undefined && typeof target === 'object' && isTopic(target) ? [target] : []
  })
  const contracts = topics.flatMap(({ key, value }) => [key, value].filter((format) => !('encode' in format)))
  return new Set(
    contracts.flatMap((contract) =>
      [...sensitiveFields(contract as Contract<unknown>).keys()].map((path) => path.split('.').at(-1)!),
    ),
  )
}
