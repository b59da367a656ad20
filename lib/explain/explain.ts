import { lettersOf, rangesOfLetters } from '../dead-letters/read-letters.ts'
import { MillraceError, place } from '../errors.ts'
import { SILENT } from '../log.ts'
import type { OutRecord, Position, RawRecord } from '../record.ts'
import { Counters } from '../runtime/counters.ts'
import type { Environment } from '../runtime/environment.ts'
import { Events } from '../runtime/events.ts'
import { GlobalTables } from '../runtime/global-tables.ts'
import { open } from '../runtime/open.ts'
import { Outbox } from '../runtime/outbox.ts'
import { Processor } from '../runtime/processor.ts'
import { Refusals } from '../runtime/refusals.ts'
import { memoryState } from '../state/memory-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { TableTarget } from '../table/table.ts'
import type { Topology } from '../topology/nodes.ts'
import { storesOf } from '../topology/stores-of.ts'
import { type SubTopology, subTopologiesOf, topicOf, upstreamOf } from '../topology/sub-topologies.ts'
import { type Kept, type Stage, Stages } from './stages.ts'
import { traceBack } from './trace-back.ts'

export interface ExplainOptions {
  readonly topology: Topology
  /** As it runs. */
  readonly application: string
  /** The application with whose generation it writes. Default: the same. */
  readonly clockOf?: string | undefined
  readonly environment: Environment
  /** A record of a source, of a sink topic with lineage, or a dead letter. */
  readonly at: Position
}

export interface Explanation {
  /** The record asked for and, where it was traced back, the one that it came from: the last is the one explained. */
  readonly path: readonly string[]
  /** Milliseconds. */
  readonly timestamp: number
  /** Whether the application's committed position is beyond it. */
  readonly processed: boolean
  readonly stages: readonly Stage[]
  /** Steps that would look at what came before: they were run as if nothing had. */
  readonly emptyState: readonly string[]
}

/**
 * Takes one record through the compiled steps that a worker runs, and writes nothing: look-ups are read, sinks are not
 * opened for writing. State is empty; what is behind a window that has not closed is not reached.
 */
export async function explain(options: ExplainOptions): Promise<Explanation> {
  const { topology, application, environment, at } = options
  const { broker } = environment
  const { record, path } = await traceBack(topology, environment, at)
  const stages = new Stages()
  await run(options, record, stages)
  await lookUpRows(options, stages)
  await lookUpLetter(options, record, stages)
  const [position] = (await broker.admin.committed(application, [record.topic])).filter(
    ({ partition }) => partition === record.partition,
  )
  const stateful = topology.nodes.filter((node) => storesOf(node).length > 0 && stages.named(node.name))
  return {
    path,
    timestamp: record.timestamp,
    processed: (position?.offset ?? 0) > record.offset,
    stages: stages.all,
    emptyState: stateful.map(({ name }) => name),
  }
}

async function run(
  { topology, application, environment }: ExplainOptions,
  first: RawRecord,
  stages: Stages,
): Promise<void> {
  const { broker, log } = environment
  const ending = new AbortController()
  const { signal } = ending
  const opened = await open(topology, application, environment)
  const counters = new Counters()
  const failed = (error: unknown) => ending.abort(error)
  const globals = new GlobalTables({ topology, broker, serdes: opened.serdes, counters, log, failed, signal })
  try {
    await globals.start()
    const waiting = [first]
    for (let record = waiting.shift(); record !== undefined; record = waiting.shift()) {
      const { topic } = record
      const reading = ({ inputs }: SubTopology) =>
        inputs.some((input) => topicOf(input, application) === topic)
      for (const sub of subTopologiesOf(topology).filter(reading)) {
        const upstreams = upstreamOf(topology, sub).map(({ id }) => `${id}_0`)
        const state = new TaskState(memoryState(), `${sub.id}_0`, upstreams)
        const events = new Events()
        events.drops$.subscribe(({ step, reason, timestamp }) =>
          stages.named(step)?.dropped.push({ reason, timestamp }),
        )
        events.errors$.subscribe(({ step, code, message, outcome }) => {
          const node = topology.nodes.find(({ name }) => name === step)
          if (node !== undefined)
            stages.of(node).refused.push({ code, reason: message, outcome, deadLetter: undefined })
        })
        const processor = new Processor({
          ...{ topology, sub, application, state, counters, events },
          partition: 0,
          globals: globals.rows,
          bindings: opened,
          refusals: new Refusals(topology, counters, SILENT, events),
          log: SILENT,
          now: Date.now,
          observe: (node, side, value, context) => stages.passed(node, side, value, context),
        })
        const outbox = await process(processor, record, { topology, stages, signal })
        note(outbox, stages)
        for (const node of sub.steps)
          keep(
            node.name,
            storesOf(node).map(({ name }) => name),
            state,
            stages,
          )
        for (const { record: out, node } of outbox.records)
          if (node.kind === 'repartition') waiting.push(asRead(out))
      }
    }
  } finally {
    ending.abort()
    await Promise.allSettled([globals.stopped(), opened.close()])
  }
}

/** A step whose policy is to fail stops the worker: here it is what became of the record. */
async function process(
  processor: Processor,
  record: RawRecord,
  { topology, stages, signal }: { topology: Topology; stages: Stages; signal: AbortSignal },
): Promise<Outbox> {
  try {
    return await processor.process([record], signal)
  } catch (error) {
    const step = error instanceof MillraceError ? error.at.step : undefined
    const node = topology.nodes.find(({ name }) => name === step)
    if (node === undefined || !(error instanceof MillraceError)) throw error
    const { code, message: reason } = error
    stages.of(node).refused.push({ code, reason, outcome: 'stops the worker', deadLetter: undefined })
    return new Outbox()
  }
}

function note(outbox: Outbox, stages: Stages): void {
  for (const { record, node } of outbox.records) stages.written(node, record)
  for (const [node, rows] of outbox.rows) {
    for (const { row } of rows) {
      const { key, value, timestamp } = row
      stages
        .of(node)
        .rows.push({ table: `${node.target.connector} ${node.target.name}`, key, value, timestamp })
    }
  }
}

/** Nothing was there before: all that is there is of this record. */
function keep(step: string, names: readonly string[], state: TaskState, stages: Stages): void {
  const kept = names.flatMap((store): Kept[] => {
    const opened = state.stores.get(store)
    if (opened === undefined || !('all' in opened)) return []
    return [...opened.all()].map(({ key, value }) => ({ store, key, value }))
  })
  const stage = stages.named(step)
  if (stage !== undefined) stage.kept = kept
}

/** What would be read of it; where it would lie is not known. */
function asRead(record: OutRecord): RawRecord {
  return { ...record, partition: record.partition ?? 0, offset: 0 }
}

async function lookUpRows(
  { topology, application, clockOf = application, environment }: ExplainOptions,
  stages: Stages,
): Promise<void> {
  for (const node of topology.nodes) {
    const rows = stages.named(node.name)?.rows ?? []
    if (node.kind !== 'sink' || rows.length === 0) continue
    const target = node.target as TableTarget
    const connector = environment.sinks[target.connector]
    const repair = await connector?.repair?.(target, { application: clockOf, step: node.name })
    if (repair === undefined) continue
    for (const [index, row] of rows.entries()) {
      if (row.value === null) continue
      const value = row.value as Readonly<Record<string, unknown>>
      rows[index] = { ...row, found: await repair.readRow(target.key.map((column) => value[column])) }
    }
  }
}

async function lookUpLetter(
  { topology, environment }: ExplainOptions,
  record: RawRecord,
  stages: Stages,
): Promise<void> {
  const refused = stages.all.flatMap((stage) => stage.refused.map((one) => ({ step: stage.step, one })))
  if (refused.length === 0) return
  const { broker } = environment
  const { topic } = topology.deadLetters
  if ((await broker.admin.topics([topic])).length === 0) return
  for await (const letters of lettersOf(broker, await rangesOfLetters(broker, topic))) {
    for (const letter of letters) {
      if (letter.origin.kind === 'row' || place(letter.origin) !== place(record)) continue
      for (const { step, one } of refused) if (letter.step === step) one.deadLetter = place(letter)
    }
  }
}
