import { setTimeout as delay } from 'node:timers/promises'
import { retrying } from '../backoff.ts'
import type { Broker } from '../broker/broker.ts'
import { isRetriable, MillraceError, messageOf, place } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import { updateGlobalTable } from '../operators/global-table.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import type { Position, RawRecord } from '../record.ts'
import { KeyValueStore } from '../state/key-value-store.ts'
import { memoryState } from '../state/memory-state.ts'
import type { Node, Topology } from '../topology/nodes.ts'
import type { GlobalTableNode } from '../topology/table-nodes.ts'
import type { Counters } from './counters.ts'

export interface GlobalTablesOptions {
  readonly topology: Topology
  readonly broker: Broker
  readonly serdes: ReadonlyMap<Node, TopicSerdes>
  readonly counters: Counters
  readonly log: Logger
  /** They can't be followed any longer: what is joined with them would be old without a word. */
  readonly failed: (error: unknown) => void
  readonly signal: AbortSignal
}

/** How long a change of a global table's topic may take to be seen. Milliseconds. */
const POLL = 100

/**
 * Every row of each global table, in memory: read to the end before any task begins, and followed from there on, without
 * a group. (GlobalStreamThread)
 */
export class GlobalTables {
  readonly rows: ReadonlyMap<Node, KeyValueStore<unknown, unknown>>
  readonly #options: GlobalTablesOptions
  readonly #nodes: readonly GlobalTableNode[]
  /** By `topic/partition`, the offset behind the newest record read. */
  readonly #positions = new Map<string, number>()
  #following: Promise<void> = Promise.resolve()

  constructor(options: GlobalTablesOptions) {
    this.#options = options
    this.#nodes = options.topology.nodes.filter(
      (node): node is GlobalTableNode => node.kind === 'globalTable',
    )
    this.rows = new Map(
      this.#nodes.map(
        (node) => [node, new KeyValueStore(node.store, memoryState().bytes(node.name))] as const,
      ),
    )
  }

  /** Resolves when all that the topics hold now has been read. */
  async start(): Promise<void> {
    const { signal, failed } = this.#options
    if (this.#nodes.length === 0) return
    await this.#untilRead()
    this.#following = this.#follow().catch((error: unknown) => {
      if (!signal.aborted) failed(error)
    })
  }

  /** Resolves when nothing is read any more; the signal has been aborted. */
  stopped(): Promise<void> {
    return this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#options
    while (!signal.aborted) {
      await delay(POLL, undefined, { signal }).catch(() => {})
      if (!signal.aborted) await this.#untilRead()
    }
  }

  /** Waits, as long as it takes, for a broker or a registry that is away. */
  #untilRead(): Promise<void> {
    const { signal, log } = this.#options
    const rarely = atMostEvery(5000)
    return retrying(() => this.#readOn(), {
      when: isRetriable,
      cap: 2000,
      onRetry: (error) => rarely(() => log.warn({}, `waiting for global tables: ${messageOf(error)}`)),
      signal,
    })
  }

  async #readOn(): Promise<void> {
    const { broker } = this.#options
    for (const node of this.#nodes) {
      const topic = node.topic.name
      for (const { partition, earliest, end } of await broker.admin.offsets(topic)) {
        const name = `${topic}/${partition}`
        const from = this.#positions.get(name) ?? earliest
        if (from < earliest || from > end) throw lost(node, { topic, partition, offset: from })
        if (from === end) continue
        for await (const { records, next } of broker.read([{ topic, partition, from, to: end }])) {
          await this.#ready(node, records)
          for (const record of records) this.#update(node, record)
          this.#positions.set(name, next)
        }
      }
    }
  }

  async #ready(node: GlobalTableNode, records: readonly RawRecord[]): Promise<void> {
    const { key, value } = this.#options.serdes.get(node)!
    await key.ready?.(records.map((record) => record.key))
    await value.ready?.(records.map((record) => record.value))
  }

  /** A row that can't be read is counted, and said. */
  #update(node: GlobalTableNode, record: RawRecord): void {
    const { serdes, counters, log } = this.#options
    const { partition, offset } = record
    updateGlobalTable(this.rows.get(node)!, record, serdes.get(node)!, (what, error) => {
      counters.add(node.name, what)
      if (what !== 'refused') return
      const message = `a row of a global table can't be read: ${messageOf(error)}`
      log.warn({ step: node.name, partition, offset }, message)
    })
  }
}

function lost({ name }: GlobalTableNode, at: Position): MillraceError {
  const message = `global table "${name}" was at ${place(at)}, which its topic holds no longer: rows were deleted unread, or the topic was made anew. Start the worker again: it reads all that is there`
  return new MillraceError('DATA_LOSS', message, { step: name, ...at })
}
