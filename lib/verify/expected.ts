import type { Range } from '../broker/broker.ts'
import { headerOf, type OutRecord } from '../record.ts'
import { Counters } from '../runtime/counters.ts'
import { DEAD_LETTER } from '../runtime/dead-letters.ts'
import type { Environment } from '../runtime/environment.ts'
import type { OpenTopology } from '../runtime/open.ts'
import { Processor } from '../runtime/processor.ts'
import { Refusals } from '../runtime/refusals.ts'
import { memoryState } from '../state/memory-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic, type Node, type SinkNode, type Topology } from '../topology/nodes.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { columnsOfSink, rowKey } from './columns.ts'
import { KeyTable } from './key-table.ts'
import { eachBatch } from './topic-tables.ts'

/** What a sub-topology wants written for a range of its source, by sink; and its dead letters by their origin. */
export interface Expected {
  readonly sinks: ReadonlyMap<SinkNode, KeyTable>
  readonly letters: ReadonlySet<string>
  readonly records: number
}

/** Runs the same compiled steps as a worker over the ranges, and writes nothing. */
export async function expectedOf(
  topology: Topology,
  sub: SubTopology,
  opened: OpenTopology,
  environment: Environment,
  ranges: readonly Range[],
): Promise<Expected> {
  const processor = processorOf(topology, sub, opened, environment)
  const sinks = new Map(
    sub.steps.flatMap((node) =>
      node.kind === 'sink' ? [[node, new KeyTable(columnsOfSink(node))] as const] : [],
    ),
  )
  const letters = new Set<string>()
  let count = 0
  const signal = new AbortController().signal
  await eachBatch(environment.broker, ranges, async (records) => {
    count += records.length
    const outbox = await processor.process(records, signal)
    for (const letter of outbox.letters) letters.add(originOf(letter))
    for (const { record, origin } of outbox.records) await addRecord(origin.node, record)
    for (const [node, rows] of outbox.rows) {
      const table = sinks.get(node)!
      for (const { row } of rows) {
        if (row.value !== null)
          table.add(rowKey(node.target as TableTarget, row.value), row.timestamp, row.value)
      }
    }
  })
  return { sinks, letters, records: count }

  async function addRecord(node: Node, record: OutRecord): Promise<void> {
    if (node.kind !== 'sink' || !isTopic(node.target) || record.key === null || record.value === null) return
    const { key, value } = opened.serdes.get(node)!
    await value.ready?.([record.value])
    const decoded = value.decode(record.value) as Record<string, unknown>
    sinks.get(node)?.add(String(key.decode(record.key)), record.timestamp, decoded)
  }
}

function processorOf(
  topology: Topology,
  sub: SubTopology,
  opened: OpenTopology,
  environment: Environment,
): Processor {
  const { log } = environment
  const counters = new Counters()
  return new Processor({
    topology,
    sub,
    partition: 0,
    application: topology.name,
    state: new TaskState(memoryState()),
    bindings: opened,
    refusals: new Refusals(topology, counters, log),
    counters,
    log,
    now: Date.now,
  })
}

/** Where the record of a dead letter came from, as `topic/partition/offset`. */
export function originOf({ headers }: Pick<OutRecord, 'headers'>): string {
  return [DEAD_LETTER.topic, DEAD_LETTER.partition, DEAD_LETTER.offset]
    .map((name) => headerOf(headers, name))
    .join('/')
}
