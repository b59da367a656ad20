import type { Contract } from './avro.ts'

/** Paths of the fields tagged `"sensitive": "…"` in the schema, with their tag; `*` stands for items and map values. */
export function sensitiveFields(contract: Contract<unknown>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  collect(contract.schema, '', new Map(), [], found)
  return found
}

interface Node {
  readonly type?: unknown
  readonly name?: string
  readonly fields?: readonly (Node & { readonly sensitive?: unknown })[]
  readonly items?: unknown
  readonly values?: unknown
}

function collect(
  schema: unknown,
  path: string,
  named: Map<string, Node>,
  within: readonly Node[],
  found: Map<string, string>,
): void {
  if (Array.isArray(schema)) {
    for (const branch of schema) collect(branch, path, named, within, found)
    return
  }
  const node = typeof schema === 'string' ? named.get(unqualified(schema)) : (schema as Node)
  // A record inside itself has no further paths to name.
  if (node === undefined || within.includes(node)) return
  if (node.name !== undefined) named.set(unqualified(node.name), node)
  const inner = [...within, node]
  for (const field of node.fields ?? []) {
    const place = path === '' ? field.name! : `${path}.${field.name}`
    if (typeof field.sensitive === 'string') found.set(place, field.sensitive)
    collect(field.type, place, named, inner, found)
  }
  if (node.items !== undefined) collect(node.items, `${path}.*`, named, inner, found)
  if (node.values !== undefined) collect(node.values, `${path}.*`, named, inner, found)
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
