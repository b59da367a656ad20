import { setImmediate as turn } from 'node:timers/promises'
import { retrying } from '../backoff.ts'
import { isRetriable, messageOf } from '../errors.ts'
import { atMostEvery, type Logger } from '../log.ts'
import type { StepRuntime } from '../operators/step.ts'
import type { RawRecord } from '../record.ts'
import type { SourceNode, Topology } from '../topology/nodes.ts'
import { type Bindings, compile, type Pipeline } from './compile.ts'
import type { Counters } from './counters.ts'
import { Outbox } from './outbox.ts'
import type { Refusals } from './refusals.ts'

export interface ProcessorOptions {
  readonly topology: Topology
  readonly source: SourceNode
  readonly bindings: Bindings
  readonly refusals: Refusals
  readonly counters: Counters
  readonly log: Logger
  readonly now: () => number
}

const LONGEST_TURN_MS = 50

/** Turns micro-batches of one source into what they want written. Writes nothing: tasks and `verify` both run it. */
export class Processor {
  readonly #options: ProcessorOptions
  readonly #pipeline: Pipeline
  readonly #rarely = atMostEvery(5000)
  #outbox = new Outbox()

  constructor(options: ProcessorOptions) {
    this.#options = options
    const { topology, source, bindings, now } = options
    this.#pipeline = compile(topology, source, bindings, this.#runtime(), now)
  }

  /** One call at a time. Rejects only when `signal` aborts, or a step's policy is `fail`. */
  async process(records: readonly RawRecord[], signal: AbortSignal): Promise<Outbox> {
    await this.#ready(records, signal)
    this.#outbox = new Outbox()
    await this.#read(records, signal)
    for (const step of this.#pipeline.waiting) await step.flush(signal)
    this.#options.counters.add(this.#options.source.name, 'records', records.length)
    return this.#outbox
  }

  /** Slow callbacks must not keep heartbeats, signals and other tasks waiting for a whole micro-batch. */
  async #read(records: readonly RawRecord[], signal: AbortSignal): Promise<void> {
    let begun = performance.now()
    for (const record of records) {
      this.#pipeline.read(record)
      if (performance.now() - begun < LONGEST_TURN_MS) continue
      await turn()
      signal.throwIfAborted()
      begun = performance.now()
    }
  }

  /** Waits, as long as it takes, for the schemas of these records: a registry that is away makes no dead letters. */
  async #ready(records: readonly RawRecord[], signal: AbortSignal): Promise<void> {
    const { source, bindings, log } = this.#options
    const serdes = bindings.serdes.get(source)!
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
            rarely(() => log.warn({ step: source.name }, `waiting for schemas: ${messageOf(error)}`)),
          signal,
        },
      )
    }
  }

  #runtime(): StepRuntime {
    const { refusals, counters, log } = this.#options
    return {
      refuse: (node, error, context) => {
        const letter = refusals.handle(error, { node, raw: context.raw })
        if (letter !== undefined) this.#outbox.letters.push(letter)
      },
      count: (step, what, by) => counters.add(step, what, by),
      waiting: ({ name }, error) =>
        this.#rarely(() => log.warn({ step: name }, `step "${name}" waits: ${messageOf(error)}`)),
      emit: (node, record, { raw }) => void this.#outbox.records.push({ record, origin: { node, raw } }),
      emitRow: (node, row, context) => this.#outbox.addRow(node, row, context.raw),
    }
  }
}
