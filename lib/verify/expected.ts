import type { Broker, Range } from '../ports.ts'
import { headerOf, type OutRecord } from '../record.ts'
import { Counters } from '../runtime/counters.ts'
import { DEAD_LETTER } from '../runtime/dead-letters.ts'
import type { Environment } from '../runtime/environment.ts'
import type { OpenTopology } from '../runtime/open.ts'
import { Processor } from '../runtime/processor.ts'
import { Refusals } from '../runtime/refusals.ts'
import { isTopic, type Node, type SinkNode, type SourceNode, type Topology } from '../topology/nodes.ts'
import { KeyTable } from './key-table.ts'
import { eachBatch } from './topic-tables.ts'

/** What the topology wants written for a range of its source, by sink; and its dead letters by their origin. */
export interface Expected {
  readonly sinks: ReadonlyMap<SinkNode, KeyTable>
  readonly letters: ReadonlySet<string>
  readonly records: number
}

export interface SinkColumns {
  readonly columns: readonly string[]
  /** The row's key as text, as the sink's own reader writes it. */
  readonly keyOf: (value: Readonly<Record<string, unknown>>) => string
}

/** Runs the same compiled steps as a worker over the range, and writes nothing. */
export async function expectedOf(
  topology: Topology,
  opened: OpenTopology,
  environment: Environment,
  ranges: readonly Range[],
  sinks: ReadonlyMap<SinkNode, SinkColumns>,
): Promise<Expected> {
  const counters = new Counters()
  const source = topology.nodes.find((node): node is SourceNode => node.kind === 'source')!
  const refusals = new Refusals(topology, counters, environment.log)
  const processor = new Processor({
    topology,
    source,
    bindings: opened,
    refusals,
    counters,
    log: environment.log,
    now: Date.now,
  })
  const tables = new Map([...sinks].map(([node, { columns }]) => [node, new KeyTable(columns)]))
  const letters = new Set<string>()
  const signal = new AbortController().signal
  await eachBatch(environment.broker as Broker, ranges, async (records) => {
    const outbox = await processor.process(records, signal)
    for (const letter of outbox.letters) letters.add(originOf(letter))
    for (const { record, origin } of outbox.records) await addRecord(origin.node, record)
    for (const [node, rows] of outbox.rows) {
      for (const { row } of rows) {
        if (row.value !== null)
          tables.get(node)?.add(sinks.get(node)!.keyOf(row.value), row.timestamp, row.value)
      }
    }
  })
  return { sinks: tables, letters, records: counters.get(source.name, 'records') }

  async function addRecord(node: Node, record: OutRecord): Promise<void> {
    if (node.kind !== 'sink' || !isTopic(node.target) || record.key === null || record.value === null) return
    const { key, value } = opened.serdes.get(node)!
    await value.ready?.([record.value])
    const decoded = value.decode(record.value) as Record<string, unknown>
    tables.get(node)?.add(String(key.decode(record.key)), record.timestamp, decoded)
  }
}

/** Where the record of a dead letter came from, as `topic/partition/offset`. */
export function originOf({ headers }: Pick<OutRecord, 'headers'>): string {
  return [DEAD_LETTER.topic, DEAD_LETTER.partition, DEAD_LETTER.offset]
    .map((name) => headerOf(headers, name))
    .join('/')
}
