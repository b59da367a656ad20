import type { OutRecord, RawRecord } from '../record.ts'
import type { Outbox } from '../runtime/outbox.ts'
import type { Processor } from '../runtime/processor.ts'
import { savedPosition, withPositions } from '../runtime/saved-positions.ts'
import type { TaskState } from '../state/task-state.ts'
import { type SubTopology, topicOf } from '../topology/sub-topologies.ts'
import { InputQueues } from './input-queues.ts'
import type { TopicLogs } from './topic-logs.ts'

/** Where a task can die, in the order in which it comes there. */
export type CrashPoint = 'taken' | 'processed' | 'delivered' | 'saved'

export interface TestTaskOptions {
  readonly sub: SubTopology
  readonly partition: number
  readonly application: string
  readonly logs: TopicLogs
  /** Opens the state as it was saved last, and compiles. */
  readonly open: () => Promise<{ readonly state: TaskState; readonly processor: Processor }>
  readonly deliver: (outbox: Outbox) => void
  /** Whether the task dies here. */
  readonly crashes: (point: CrashPoint) => boolean
  /** Output and state in one step, so that no crash comes between them. */
  readonly atomic: boolean
}

/** One task of a tested topology: a sub-topology and a partition. Its life is that of a worker's, step by step. */
export class TestTask {
  readonly #options: TestTaskOptions
  #state!: TaskState
  #processor!: Processor
  #queues = new InputQueues()
  /** By topic, the offset behind the newest record processed. */
  #positions = new Map<string, number>()

  constructor(options: TestTaskOptions) {
    this.#options = options
  }

  get partition(): number {
    return this.#options.partition
  }

  get state(): TaskState {
    return this.#state
  }

  get ready(): boolean {
    return !this.#queues.empty
  }

  /** From what was saved last; what has been read since is queued again. */
  async open(): Promise<void> {
    const { open, logs, sub, application, partition } = this.#options
    const { state, processor } = await open()
    this.#state = state
    this.#processor = processor
    this.#queues = new InputQueues()
    this.#positions = new Map()
    for (const input of sub.inputs) {
      const topic = topicOf(input, application)
      const position = savedPosition(state.meta, topic)
      this.#positions.set(topic, position)
      for (const record of logs.of(topic)[partition]!.slice(position)) this.#queues.add(record)
    }
  }

  offer(record: RawRecord): void {
    if (record.partition === this.partition && this.#positions.has(record.topic)) this.#queues.add(record)
  }

  /** One micro-batch. Returns whether the task has died in it. */
  async run(records: number, signal: AbortSignal): Promise<boolean> {
    const taken = this.#queues.take(records)
    if (this.#dies('taken')) return true
    const outbox = await this.#processor.process(taken, signal)
    for (const { topic, offset } of taken) this.#positions.set(topic, offset + 1)
    return this.#finish(outbox)
  }

  /** What is due by the wall clock, or since nothing has been read for so long. Returns whether the task has died in it. */
  async punctuate(signal: AbortSignal, idleFor = 0): Promise<boolean> {
    return this.#finish(await this.#processor.punctuate(signal, idleFor))
  }

  /** What tells the readers of its repartition topics how far it is, if that has changed. */
  markers(idle: boolean): OutRecord[] {
    return this.#processor.markers((topic) => this.#options.logs.of(topic).length, idle)
  }

  close(): Promise<void> {
    return this.#state.close()
  }

  /** The numbered steps of a checkpoint. */
  async #finish(outbox: Outbox): Promise<boolean> {
    const { deliver, atomic } = this.#options
    if (this.#dies('processed')) return true
    // 1. everything is written
    deliver(outbox)
    if (!atomic && this.#dies('delivered')) return true
    // 2. the state and the positions that it covers are saved together
    const positions = [...this.#positions].map(([topic, offset]) => ({ topic, offset }))
    await this.#state.save(withPositions({}, positions))
    return this.#dies('saved')
  }

  #dies(point: CrashPoint): boolean {
    return this.#options.crashes(point)
  }
}
