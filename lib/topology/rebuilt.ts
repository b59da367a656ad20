import type { Node } from './nodes.ts'

/** Nodes name each other: those behind a node that has changed name the new one. */
export function rebuilt(nodes: readonly Node[], change: (node: Node) => Node): readonly Node[] {
  const anew = new Map<unknown, Node>()
  for (const node of nodes) {
    const fields = Object.entries(change(node)).map(([name, field]) => [
      name,
      Array.isArray(field) ? Object.freeze(field.map(inPlace)) : inPlace(field),
    ])
    anew.set(node, Object.freeze(Object.fromEntries(fields)))
  }
  return Object.freeze([...anew.values()])

  function inPlace(field: unknown): unknown {
    return anew.get(field) ?? field
  }
}
