import type { Contract } from '../../contract/avro.ts'
import { sensitiveFields } from '../../contract/sensitive-fields.ts'
import { isTopic, type SinkNode, type Topology } from '../../topology/nodes.ts'
import type { Format } from '../../topology/topic.ts'

/** What of rows may be shown. */
export interface Showing {
  /** Otherwise only what kind of value it is. */
  readonly values: boolean
  /** Those of fields that a contract calls sensitive, too. */
  readonly sensitive: boolean
}

/** How values of a sink may be shown. */
export interface Shown {
  value(field: string, value: unknown): unknown
  /** Whether the field is sensitive, and not to be seen: also not as part of a key. */
  hides(field: string): boolean
}

/** For the fields of one sink. */
export function shownIn(node: SinkNode, topology: Topology, { values, sensitive }: Showing): Shown {
  const hidden = sensitive ? new Set<string>() : hiddenIn(node, topology)
  return {
    value: (field, value) => (values && !hidden.has(field) ? plain(value) : masked(value)),
    hides: (field) => hidden.has(field),
  }
}

/**
 * A table says nothing of what is sensitive: a column that is called as such a field of any contract of the topology is
 * taken for that.
 */
function hiddenIn({ target }: SinkNode, topology: Topology): ReadonlySet<string> {
  if (isTopic(target)) return new Set(pathsOf(target.value).map((path) => path.split('.')[0]!))
  const formats = topology.nodes.flatMap((node): Format<unknown>[] => {
    if ('topic' in node) return [node.topic.value]
    return node.kind === 'sink' && isTopic(node.target) ? [node.target.value] : []
  })
  return new Set(formats.flatMap(pathsOf).map((path) => path.split('.').at(-1)!))
}

function pathsOf(format: Format<unknown>): string[] {
  return 'encode' in format ? [] : [...sensitiveFields(format as Contract<unknown>).keys()]
}

/** Names and kinds, never what is in it. */
function masked(value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return `text of ${value.length}`
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (Array.isArray(value)) return `list of ${value.length}`
  return typeof value === 'object' ? 'record' : typeof value
}

/** As JSON can hold it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return value ?? null
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
