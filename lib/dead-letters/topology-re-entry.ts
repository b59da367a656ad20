import type { TransactionalProducer } from '../broker/broker.ts'
import type { RawRecord } from '../record.ts'
import { type Checkpoint, exactlyOnce } from '../runtime/checkpoint.ts'
import { Counters } from '../runtime/counters.ts'
import type { Environment } from '../runtime/environment.ts'
import { GlobalTables } from '../runtime/global-tables.ts'
import { type OpenTopology, open } from '../runtime/open.ts'
import { Outbox } from '../runtime/outbox.ts'
import { Processor } from '../runtime/processor.ts'
import { rowWriters } from '../runtime/row-writers.ts'
import { memoryState } from '../state/memory-state.ts'
import { TaskState } from '../state/task-state.ts'
import type { Topology } from '../topology/nodes.ts'
import { CountedRefusals } from './counted-refusals.ts'
import { type Entrance, entranceTo, type NoEntrance } from './entrance.ts'
import { type Letter, REDRIVEN } from './letter.ts'
import { originalOf } from './original.ts'
import type { ReEntry } from './re-entry.ts'

export interface TopologyReEntryOptions {
  /** As the application runs it: its guarantee decides which internal topics there are. */
  readonly topology: Topology
  readonly application: string
  /** The application with whose generation rows are written. Default: the same. */
  readonly clockOf?: string | undefined
  /** What its records in topics are marked with. */
  readonly generation?: number | undefined
  readonly environment: Environment
  /** Lets letters in where a part of them may be in a topic already. */
  readonly acceptRepeats: boolean
}

/** Runs the compiled steps that a worker runs, between the step that refused a record and what is behind it. */
export class TopologyReEntry implements ReEntry {
  readonly counters = new Counters()
  readonly #options: TopologyReEntryOptions
  readonly #opened: OpenTopology
  readonly #globals: GlobalTables
  readonly #refusals: CountedRefusals
  readonly #ending = new AbortController()
  readonly #entrances = new Map<string, Entrance | NoEntrance>()
  readonly #processors = new Map<Entrance, Processor>()

  private constructor(options: TopologyReEntryOptions, opened: OpenTopology) {
    this.#options = options
    this.#opened = opened
    const { topology, environment, generation } = options
    const { broker, log } = environment
    const { counters } = this
    this.#refusals = new CountedRefusals(topology, counters, log, undefined, generation)
    const failed = (error: unknown) => this.#ending.abort(error)
    const { serdes } = opened
    const { signal } = this.#ending
    this.#globals = new GlobalTables({ topology, broker, serdes, counters, log, failed, signal })
  }

  /** Sinks are opened as the application's: what is written has its generation. */
  static async open(options: TopologyReEntryOptions): Promise<TopologyReEntry> {
    const { topology, application, clockOf, environment } = options
    const opened = await open(topology, application, environment, clockOf)
    const reEntry = new TopologyReEntry(options, opened)
    try {
      await Promise.all([...opened.sinks.values()].map((sink) => sink.prepare()))
      await reEntry.#globals.start()
    } catch (error) {
      await reEntry.close()
      throw error
    }
    return reEntry
  }

  get refused(): number {
    return this.#refusals.refused
  }

  async obstacle(letter: Letter): Promise<string | undefined> {
    const { topology, environment, acceptRepeats } = this.#options
    const { application, origin, omitted } = letter
    if (application !== topology.name) return `it is a letter of "${application}", not of "${topology.name}"`
    if (origin.kind === 'row') return 'it is a letter of a capture'
    const entrance = this.#entranceOf(letter)
    if ('why' in entrance) return entrance.why
    if (entrance.repeats !== undefined && !acceptRepeats)
      return `${entrance.repeats}: --accept-repeats lets it be there twice`
    if (omitted === undefined || (await originalOf(environment.broker, letter)) !== undefined)
      return undefined
    return `the letter had no room for the ${omitted.split(' ')[0]}, and ${origin.topic} holds the record no longer`
  }

  way(letter: Letter): string {
    const entrance = this.#entranceOf(letter)
    if ('why' in entrance) return ''
    const { step, writes, handsOn } = entrance
    const on = handsOn.length > 0 ? [`the running application, by ${handsOn.join(', ')}`] : []
    return `at "${step}" → ${[writes.join(', '), ...on].filter(Boolean).join('; and ') || 'nothing'}`
  }

  async enter(letters: readonly Letter[], signal: AbortSignal): Promise<Outbox> {
    const whole = new Outbox()
    for (const [entrance, own] of Map.groupBy(letters, (letter) => this.#entranceOf(letter))) {
      if ('why' in entrance) continue
      const attempts = new Map<RawRecord, number>()
      for (const letter of own) {
        const raw = await originalOf(this.#options.environment.broker, letter)
        if (raw === undefined) continue
        attempts.set(raw, letter.attempts + 1)
        this.#refusals.attempted(raw, letter.attempts + 1)
      }
      const processor = this.#processorOf(entrance)
      const outbox = await processor.process([...attempts.keys()], signal)
      await processor.pace.allow(outbox, signal)
      add(whole, outbox, attempts)
    }
    return whole
  }

  checkpoint(transactions: TransactionalProducer): Checkpoint {
    const { log } = this.#options.environment
    const outputs = { refusals: this.#refusals, counters: this.counters, log }
    const rows = rowWriters(this.#opened.sinks)
    return exactlyOnce({
      outputs,
      rows,
      state: undefined,
      commit: async (records, positions) => {
        await transactions.send(records)
        await transactions.commit(positions)
      },
    })
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await Promise.allSettled([this.#globals.stopped(), this.#opened.close()])
  }

  #entranceOf({ origin, step }: Letter): Entrance | NoEntrance {
    if (origin.kind === 'row') return { why: 'it is a letter of a capture' }
    const name = JSON.stringify([origin.topic, step])
    const known = this.#entrances.get(name)
    if (known !== undefined) return known
    const { topology, application } = this.#options
    const entrance = entranceTo(topology, application, { topic: origin.topic, step })
    this.#entrances.set(name, entrance)
    return entrance
  }

  #processorOf(entrance: Entrance): Processor {
    const known = this.#processors.get(entrance)
    if (known !== undefined) return known
    const { topology, sub } = entrance
    const { application, environment } = this.#options
    const processor = new Processor({
      topology,
      sub,
      partition: 0,
      application,
      // A task that nobody waits for: what it says of its time moves no other's.
      state: new TaskState(memoryState(), 'redrive'),
      globals: this.#globals.rows,
      bindings: this.#opened,
      refusals: this.#refusals,
      counters: this.counters,
      log: environment.log,
      now: Date.now,
      generation: this.#options.generation,
    })
    this.#processors.set(entrance, processor)
    return processor
  }
}

/** What the running application is handed says how often it has been redriven: its next letter is to know. */
function add(whole: Outbox, part: Outbox, attempts: ReadonlyMap<RawRecord, number>): void {
  for (const { record, node, raw } of part.records) {
    const said = [REDRIVEN, Buffer.from(String(attempts.get(raw) ?? 1))] as const
    const headers = node.kind === 'repartition' ? [said, ...record.headers] : record.headers
    whole.records.push({ record: { ...record, headers }, node, raw })
  }
  whole.letters.push(...part.letters)
  for (const [node, rows] of part.rows) for (const { row, raw } of rows) whole.addRow(node, row, raw)
}
