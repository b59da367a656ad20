import sortedBTree from 'sorted-btree'

type Tree = InstanceType<typeof sortedBTree.default<string, undefined>>

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * The order of a map's keys, for maps that are mostly read by key: it is made when first asked for, and kept up to
 * date from then on. Who walks it sees the keys of the moment in which the walk began, whatever happens meanwhile.
 */
export class KeyOrder {
  readonly #keys: () => Iterable<string>
  #tree: Tree | undefined
  /** Walks of `#tree` that have not ended. */
  #walks = { count: 0 }

  /** `keys` are those of the map, each once, in any order. */
  constructor(keys: () => Iterable<string>) {
    this.#keys = keys
  }

  /** Until then nothing has to be told to it. */
  get isMade(): boolean {
    return this.#tree !== undefined
  }

  added(key: string): void {
    this.#changing()?.set(key, undefined)
  }

  removed(key: string): void {
    this.#changing()?.delete(key)
  }

  /** `from` inclusive, `to` exclusive. */
  *ascending(from?: string, to?: string): Generator<string, void> {
    const [tree, walks] = [this.#built(), this.#walks]
    walks.count++
    try {
      for (const [key] of tree.entries(from, [])) {
        if (to !== undefined && key >= to) return
        yield key
      }
    } finally {
      walks.count--
    }
  }

  /** `from` inclusive, `to` exclusive. */
  *descending(from?: string, to?: string): Generator<string, void> {
    const [tree, walks] = [this.#built(), this.#walks]
    // The package reads the path to a key of an empty tree, and throws.
    if (tree.isEmpty) return
    walks.count++
    try {
      for (const [key] of tree.entriesReversed(to, [], true)) {
        if (from !== undefined && key < from) return
        yield key
      }
    } finally {
      walks.count--
    }
  }

  #built(): Tree {
    if (this.#tree !== undefined) return this.#tree
    const tree: Tree = new sortedBTree.default(undefined, byCode)
    for (const key of [...this.#keys()].sort()) tree.set(key, undefined)
    this.#tree = tree
    return tree
  }

  /** A tree that is being walked is left as it is: changes go to a copy, which shares what does not change. */
  #changing(): Tree | undefined {
    if (this.#walks.count > 0) {
      this.#tree = this.#tree?.clone()
      this.#walks = { count: 0 }
    }
    return this.#tree
  }
}
