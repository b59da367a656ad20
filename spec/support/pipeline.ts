import { json, stringKey } from '../../lib/contract/serde.ts'
import type { Stream, Sunk, Topology } from '../../lib/index.ts'
import { topic, topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { Lookup } from '../../lib/ports.ts'
import { headerOf, NO_HEADERS, type RawRecord } from '../../lib/record.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { DEAD_LETTER } from '../../lib/runtime/dead-letters.ts'
import { Processor } from '../../lib/runtime/processor.ts'
import { Refusals } from '../../lib/runtime/refusals.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { TaskState } from '../../lib/state/task-state.ts'
import { isTopic, type Node } from '../../lib/topology/nodes.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'

/** A topology of JSON records from `in`, ended by the given branch. */
export function jsonTopology<V>(define: (input: Stream<string, V>) => Sunk): Topology {
  return topology('spec', ({ source }) => {
    define(source('input', topic('in', { value: json<V>() })))
  })
}

export const output = topic('out', { value: json<unknown>() })

export interface Result {
  /** JSON values written to topics, in order. */
  readonly out: unknown[]
  /** `step: reason` of each dead letter. */
  readonly letters: string[]
  readonly counters: Counters
}

/** Runs the compiled topology, as a task does, over one micro-batch per given list of values. */
export async function process(said: Topology, batches: unknown[][], options: Options = {}): Promise<Result> {
  const counters = new Counters()
  const serdes = new Map<Node, { key: typeof stringKey; value: never }>()
  for (const node of said.nodes) {
    const target = node.kind === 'source' ? node.topic : node.kind === 'sink' ? node.target : undefined
    if (target !== undefined && isTopic(target))
      serdes.set(node, { key: stringKey, value: target.value as never })
  }
  const lookups = new Map<Node, Lookup>(
    said.nodes.flatMap((node) =>
      node.kind === 'enrich' && options.lookup ? [[node, options.lookup] as const] : [],
    ),
  )
  const processor = new Processor({
    topology: said,
    sub: subTopologiesOf(said)[0]!,
    partition: 0,
    application: said.name,
    state: new TaskState(memoryState()),
    bindings: { serdes: serdes as never, lookups },
    refusals: new Refusals(said, counters, SILENT),
    counters,
    log: SILENT,
    now: () => options.now ?? 1_000_000,
  })
  const result: Result = { out: [], letters: [], counters }
  let offset = 0
  for (const values of batches) {
    const records = values.map((value) => rawRecord(value, offset++))
    const outbox = await processor.process(records, options.signal ?? new AbortController().signal)
    for (const { record } of outbox.records) result.out.push(JSON.parse(String(record.value)))
    for (const { headers } of outbox.letters) {
      result.letters.push(`${headerOf(headers, DEAD_LETTER.step)}: ${headerOf(headers, DEAD_LETTER.reason)}`)
    }
    for (const rows of outbox.rows.values()) result.out.push(...rows.map(({ row }) => row.value))
  }
  return result
}

export interface Options {
  readonly lookup?: Lookup
  readonly now?: number
  readonly signal?: AbortSignal
}

/** A Buffer stays as it is (poison); `{ key?, value, timestamp? }` under `record`; anything else becomes JSON. */
function rawRecord(value: unknown, offset: number): RawRecord {
  const base = {
    topic: 'in',
    partition: 0,
    offset,
    timestamp: offset,
    headers: NO_HEADERS,
    key: Buffer.from('k'),
  }
  if (Buffer.isBuffer(value) || value === null) return { ...base, value }
  if (value instanceof Keyed) {
    return { ...base, ...value.with, value: Buffer.from(JSON.stringify(value.value)) }
  }
  return { ...base, value: Buffer.from(JSON.stringify(value)) }
}

/** A value with a key or a timestamp of its own. */
export class Keyed {
  readonly value: unknown
  readonly with: { readonly key?: Buffer; readonly timestamp?: number }

  constructor(value: unknown, given: { key?: Buffer; timestamp?: number }) {
    this.value = value
    this.with = given
  }
}
