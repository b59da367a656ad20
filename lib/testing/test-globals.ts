import { updateGlobalTable } from '../operators/global-table.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import type { RawRecord } from '../record.ts'
import type { Counters } from '../runtime/counters.ts'
import { KeyValueStore } from '../state/key-value-store.ts'
import { memoryState } from '../state/memory-state.ts'
import type { Node, Topology } from '../topology/nodes.ts'

type Rows = KeyValueStore<unknown, unknown>

/** The global tables of a tested topology: what is written to their topics is in them at once. */
export class TestGlobals {
  readonly rows: ReadonlyMap<Node, Rows>
  readonly #serdes: ReadonlyMap<Node, TopicSerdes>
  readonly #counters: Counters
  /** By topic; several tables may read one. */
  readonly #readers = new Map<string, Node[]>()

  constructor(topology: Topology, serdes: ReadonlyMap<Node, TopicSerdes>, counters: Counters) {
    this.#serdes = serdes
    this.#counters = counters
    const rows = new Map<Node, Rows>()
    for (const node of topology.nodes) {
      if (node.kind !== 'globalTable') continue
      rows.set(node, new KeyValueStore(node.store, memoryState().bytes(node.name)))
      this.#readers.set(node.topic.name, [...(this.#readers.get(node.topic.name) ?? []), node])
    }
    this.rows = rows
  }

  /** By the name of a table. */
  named(name: string): Rows | undefined {
    for (const [node, rows] of this.rows) if (node.name === name) return rows
    return undefined
  }

  /** A row that can't be read is counted and left out, as by a worker. */
  update(record: RawRecord): void {
    for (const node of this.#readers.get(record.topic) ?? []) this.#put(node, record)
  }

  #put(node: Node, record: RawRecord): void {
    const count = (what: string) => this.#counters.add(node.name, what)
    updateGlobalTable(this.rows.get(node)!, record, this.#serdes.get(node)!, count)
  }
}
