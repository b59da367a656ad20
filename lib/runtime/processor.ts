import { setImmediate as turn } from 'node:timers/promises'
import { retrying } from '../backoff.ts'
import { isRetriable, messageOf } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import type { StepRuntime } from '../operators/step.ts'
import { isMarker, marker } from '../operators/task-time.ts'
import { type Context, NO_HEADERS, type OutRecord, type RawRecord } from '../record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { TaskState } from '../state/task-state.ts'
import type { RepartitionNode } from '../topology/keyed-nodes.ts'
import type { Node, Topology } from '../topology/nodes.ts'
import { repartitionTopic } from '../topology/repartition-nodes.ts'
import { type SubTopology, type SubTopologyInput, topicOf } from '../topology/sub-topologies.ts'
import { type Bindings, compile, type Observe, type Pipeline } from './compile.ts'
import type { Counters } from './counters.ts'
import type { Events } from './events.ts'
import { withGeneration } from './generation-header.ts'
import { Outbox } from './outbox.ts'
import { type Pace, paceOf } from './rates.ts'
import type { Refusals } from './refusals.ts'
import type { Stalls } from './stalls.ts'
import { TaskTimers } from './timers.ts'

export interface ProcessorOptions {
  readonly topology: Topology
  /** What this task runs of it. */
  readonly sub: SubTopology
  readonly partition: number
  /** Names internal topics. */
  readonly application: string
  readonly state: TaskState
  /** Rows of global tables, by node. */
  readonly globals?: ReadonlyMap<Node, KeyValueStore<unknown, unknown>>
  readonly bindings: Bindings
  readonly refusals: Refusals
  readonly counters: Counters
  readonly log: Logger
  readonly now: () => number
  readonly stalls?: Stalls | undefined
  readonly events?: Events | undefined
  /** Instead of what the inputs say. Milliseconds. */
  readonly futureTolerance?: number | undefined
  /** What records of sinks are marked with. */
  readonly generation?: number | undefined
  /** For `explain`. */
  readonly observe?: Observe | undefined
}

const LONGEST_TURN_MS = 50

/** Turns micro-batches of a task's inputs into what they want written. Writes no topic: tasks and `verify` both run it. */
export class Processor {
  /** How fast it may read and write. */
  readonly pace: Pace
  readonly #options: ProcessorOptions
  readonly #pipeline: Pipeline
  /** By topic. */
  readonly #inputs: ReadonlyMap<string, SubTopologyInput>
  readonly #rarely = atMostEvery(5000)
  readonly #timers: TaskTimers
  /** The repartition topics that the task writes to, and how far it is there. */
  readonly #ends = new Map<RepartitionNode, { readonly time: () => number; told: number }>()
  #outbox = new Outbox()

  constructor(options: ProcessorOptions) {
    this.#options = options
    const { sub, application, bindings } = options
    this.pace = paceOf([...sub.inputs, ...sub.steps], bindings.rates)
    this.#inputs = new Map(sub.inputs.map((input) => [topicOf(input, application), input]))
    this.#timers = new TaskTimers(options.now, options.state.time('task'), nothingRead(options))
    this.#pipeline = compile({ ...options, runtime: this.#runtime() })
  }

  /** One call at a time. Rejects only when `signal` aborts, or a step's policy is `fail`. */
  async process(records: readonly RawRecord[], signal: AbortSignal): Promise<Outbox> {
    await this.#ready(records, signal)
    this.#outbox = new Outbox()
    await this.#read(records, signal)
    // However many records there are, what is due by the clock is not put off.
    this.#timers.due['wall-clock']()
    for (const step of this.#pipeline.waiting) await step.flush(signal)
    return this.#outbox
  }

  /**
   * Does what is due by the wall clock and, where nothing has been read for `idleFor` milliseconds, by that. One call at
   * a time, and none while records are processed.
   */
  async punctuate(signal: AbortSignal, idleFor = 0): Promise<Outbox> {
    this.#outbox = new Outbox()
    this.#timers.due['wall-clock']()
    if (idleFor > 0 && this.#options.state.upstream.idle) this.#timers.idleFor(idleFor)
    for (const step of this.#pipeline.waiting) await step.flush(signal)
    return this.#outbox
  }

  /** The name of the step that reads a topic. */
  stepOf(topic: string): string {
    return this.#inputs.get(topic)!.name
  }

  /** Whether something happens in it as time goes by, though nothing is read. */
  get timed(): boolean {
    return this.waitedFor || this.awaitsIdle || this.#timers.scheduled('wall-clock')
  }

  /** Whether tasks behind repartition topics wait for its time. */
  get waitedFor(): boolean {
    return this.#ends.size > 0
  }

  /** Whether something happens in it once nothing has been read for some time. */
  get awaitsIdle(): boolean {
    return this.#timers.awaitsIdle
  }

  /** Whether that has been done: nothing is left to do until something is read. */
  get settled(): boolean {
    return this.#timers.settled
  }

  /** What tells the readers of its repartition topics how far it is, where that has changed. */
  markers(partitionsOf: (topic: string) => number, idle: boolean): OutRecord[] {
    const { state, application } = this.#options
    return [...this.#ends].flatMap(([node, end]) => {
      const now = idle && state.upstream.idle ? Number.POSITIVE_INFINITY : end.time()
      if (now === end.told) return []
      end.told = now
      const topic = repartitionTopic(application, node)
      return Array.from({ length: partitionsOf(topic) }, (_, partition) =>
        marker(topic, partition, state.task, now),
      )
    })
  }

  /** Slow callbacks must not keep heartbeats, signals and other tasks waiting for a whole micro-batch. */
  async #read(records: readonly RawRecord[], signal: AbortSignal): Promise<void> {
    let begun = performance.now()
    for (const record of records) {
      this.#pipeline.reads.get(record.topic)!(record)
      this.#timers.due['stream-time']()
      if (performance.now() - begun < LONGEST_TURN_MS) continue
      await turn()
      signal.throwIfAborted()
      begun = performance.now()
    }
  }

  /** Waits, as long as it takes, for the schemas of these records: a registry that is away makes no dead letters. */
  async #ready(records: readonly RawRecord[], signal: AbortSignal): Promise<void> {
    for (const [topic, input] of this.#inputs) {
      const own = this.#inputs.size === 1 ? records : records.filter((record) => record.topic === topic)
      const counted = input.kind === 'repartition' ? own.filter((record) => !isMarker(record)) : own
      this.#options.counters.add(input.name, 'records', counted.length)
      await this.#readyFor(input, own, signal)
    }
  }

  async #readyFor(
    input: SubTopologyInput,
    records: readonly RawRecord[],
    signal: AbortSignal,
  ): Promise<void> {
    const { bindings, log } = this.#options
    const serdes = bindings.serdes.get(input)!
    const rarely = atMostEvery(5000)
    for (const side of ['key', 'value'] as const) {
      const serde = serdes[side]
      const bytes = serde.ready === undefined ? [] : records.map((record) => record[side])
      let waiting = serde.ready?.(bytes)
      if (waiting === undefined) continue
      await retrying(
        () => {
          const asked = waiting ?? serde.ready?.(bytes)
          waiting = undefined
          return Promise.resolve(asked)
        },
        {
          when: isRetriable,
          cap: 2000,
          onRetry: (error) =>
            rarely(() => log.warn({ step: input.name }, `waiting for schemas: ${messageOf(error)}`)),
          signal,
        },
      )
    }
  }

  #runtime(): StepRuntime {
    const { refusals, counters, log, events, state, globals = new Map(), generation } = this.#options
    return {
      refuse: (node, error, context) => {
        const letter = refusals.handle(error, { node, raw: context.raw })
        if (letter !== undefined) this.#outbox.letters.push(letter)
      },
      count: (step, what, by) => counters.add(step, what, by),
      waiting: ({ name }, error) =>
        this.#rarely(() => log.warn({ step: name }, `step "${name}" waits: ${messageOf(error)}`)),
      emit: (node, emitted, { raw }) => {
        const marked = generation !== undefined && node.kind === 'sink'
        const record = marked ? { ...emitted, headers: withGeneration(emitted.headers, generation) } : emitted
        this.#outbox.records.push({ record, node, raw })
        // A task that was said to be idle is so no more for those who read this record's time, and has to say it again.
        const end = node.kind === 'repartition' ? this.#ends.get(node) : undefined
        if (end?.told === Number.POSITIVE_INFINITY) end.told = Number.NEGATIVE_INFINITY
      },
      emitRow: (node, row, context) => this.#outbox.addRow(node, row, context.raw),
      drop: ({ name: step }, reason, value, context, late) => {
        counters.add(step, reason)
        events?.dropped(step, reason, context, late)
        const lateBy = late === undefined ? undefined : late.time - context.timestamp
        this.#pipeline.drops.get(step)?.({ step, reason, value, window: late?.window, lateBy }, context)
      },
      ends: (node, time) => void this.#ends.set(node, { time, told: Number.NEGATIVE_INFINITY }),
      state,
      globals,
      timers: this.#timers,
      generation,
    }
  }
}

/** What a punctuation before the first record is ascribed to. */
function nothingRead({ sub, application, partition }: ProcessorOptions): Context {
  const topic = topicOf(sub.inputs[0]!, application)
  const place = { topic, partition, offset: -1, timestamp: -1, headers: NO_HEADERS }
  return { ...place, key: null, raw: { ...place, key: null, value: null } }
}
