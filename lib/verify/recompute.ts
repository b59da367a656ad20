import type { Range } from '../broker/broker.ts'
import type { OutRecord, RawRecord } from '../record.ts'
import { Counters } from '../runtime/counters.ts'
import type { Environment } from '../runtime/environment.ts'
import type { OpenTopology } from '../runtime/open.ts'
import { Processor } from '../runtime/processor.ts'
import { Refusals } from '../runtime/refusals.ts'
import { memoryState } from '../state/memory-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { TableTarget } from '../table/table.ts'
import { isTopic, type SinkNode, type Topology } from '../topology/nodes.ts'
import type { SubTopology } from '../topology/sub-topologies.ts'
import { rowKey } from './columns.ts'
import { eachBatch } from './topic-tables.ts'

/** What leads from one source of a topology to its sinks. */
export interface Flow {
  readonly topology: Topology
  readonly sub: SubTopology
  /** The source's. */
  readonly topic: string
  readonly opened: OpenTopology
}

/** Something that a record of the source wants in a sink. */
export interface Wanted {
  readonly node: SinkNode
  /** As findings name it. */
  readonly key: string
  /** Milliseconds. */
  readonly timestamp: number
  readonly value: Readonly<Record<string, unknown>>
  /** What is written, where the sink is a topic. */
  readonly record?: OutRecord | undefined
  readonly raw: RawRecord
}

export interface Visitor {
  wanted(wanted: Wanted): void
  letter(letter: OutRecord): void
  /** Which records are processed at all. Default: every one. */
  readonly takes?: (record: RawRecord) => boolean
}

/** Runs the same compiled steps as a worker over the ranges, and writes nothing. Resolves with how many it has read. */
export async function recompute(
  flow: Flow,
  environment: Environment,
  ranges: readonly Range[],
  { wanted, letter, takes = () => true }: Visitor,
): Promise<number> {
  const processor = processorOf(flow, environment)
  const signal = new AbortController().signal
  let count = 0
  await eachBatch(environment.broker, ranges, async (records) => {
    const taken = records.filter(takes)
    count += taken.length
    const outbox = await processor.process(taken, signal)
    for (const one of outbox.letters) letter(one)
    for (const { record, node, raw } of outbox.records) {
      if (node.kind !== 'sink') continue
      const found = await wantedRecord(flow, node, record, raw)
      if (found !== undefined) wanted(found)
    }
    for (const [node, rows] of outbox.rows) {
      for (const { row, raw } of rows) {
        const { value, timestamp } = row
        if (value === null) continue
        wanted({ node, key: rowKey(node.target as TableTarget, value), timestamp, value, raw })
      }
    }
  })
  return count
}

async function wantedRecord(
  { opened }: Flow,
  node: SinkNode,
  record: OutRecord,
  raw: RawRecord,
): Promise<Wanted | undefined> {
  if (!isTopic(node.target) || record.key === null || record.value === null) return undefined
  const { key, value } = opened.serdes.get(node)!
  await value.ready?.([record.value])
  const decoded = value.decode(record.value) as Record<string, unknown>
  const name = String(key.decode(record.key))
  return { node, key: name, timestamp: record.timestamp, value: decoded, record, raw }
}

function processorOf({ topology, sub, opened }: Flow, { log }: Environment): Processor {
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
