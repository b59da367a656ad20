import { join } from 'node:path'
import { MillraceError } from '../errors.ts'
import { SILENT } from '../log.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import { type Headers, NO_HEADERS, type OutRecord, type RawRecord } from '../record.ts'
import { Counters } from '../runtime/counters.ts'
import type { Environment } from '../runtime/environment.ts'
import { type OpenTopology, open } from '../runtime/open.ts'
import type { Outbox } from '../runtime/outbox.ts'
import { Processor } from '../runtime/processor.ts'
import { Refusals } from '../runtime/refusals.ts'
import { KeyValueStore } from '../state/key-value-store.ts'
import { memoryState } from '../state/memory-state.ts'
import type { StateBackend } from '../state/ordered-bytes.ts'
import { type OpenStore, TaskState } from '../state/task-state.ts'
import { isTopic, type Node, type Topology } from '../topology/nodes.ts'
import type { StoreSpec } from '../topology/store.ts'
import { type SubTopology, subTopologiesOf, topicOf } from '../topology/sub-topologies.ts'
import { InputQueues } from './input-queues.ts'
import { TopicLogs } from './topic-log.ts'

export interface TestDriverOptions {
  /** How many partitions every topic has. Default 1. */
  readonly partitions?: number
  /** Where state is kept. Default: in memory. */
  readonly stores?: 'memory' | { readonly dir: string }
  /** What the wall clock shows at the beginning. Default 0. */
  readonly wallClock?: number
  /** How far ahead of the wall clock records may be dated, instead of what the inputs say. Milliseconds. */
  readonly futureTolerance?: number
}

export interface TestRecord<K = unknown, V = unknown> {
  readonly key?: K | null
  readonly value: V | null
  readonly timestamp: number
  readonly headers?: Headers
}

/** A record that the topology has written. */
export interface OutputRecord extends Required<TestRecord> {
  readonly topic: string
  readonly partition: number
}

/** One task of the topology: a sub-topology and a partition. */
interface TestTask {
  readonly sub: SubTopology
  readonly partition: number
  readonly state: TaskState
  readonly processor: Processor
  readonly queues: InputQueues
}

/**
 * Runs a topology without servers, on virtual clocks: the same compiled tasks as a worker's. Records are piped in,
 * worked off completely through all repartition topics, and read out. (TopologyTestDriver)
 */
export async function testDriver(topology: Topology, options: TestDriverOptions = {}): Promise<TestDriver> {
  const environment = { log: SILENT, sinks: {}, lookups: {} } as unknown as Environment
  const driver = new TestDriver(topology, await open(topology, topology.name, environment), options)
  await driver.start()
  return driver
}

export class TestDriver {
  readonly counters = new Counters()
  readonly #topology: Topology
  readonly #opened: OpenTopology
  readonly #options: TestDriverOptions
  readonly #logs: TopicLogs
  readonly #tasks: TestTask[] = []
  readonly #globals = new Map<Node, KeyValueStore<unknown, unknown>>()
  readonly #serdes = new Map<string, TopicSerdes>()
  readonly #written: OutputRecord[] = []
  #wallClock: number

  constructor(topology: Topology, opened: OpenTopology, options: TestDriverOptions) {
    this.#topology = topology
    this.#opened = opened
    this.#options = options
    this.#wallClock = options.wallClock ?? 0
    this.#logs = new TopicLogs(() => options.partitions ?? 1)
    for (const node of topology.nodes) {
      const serdes = opened.serdes.get(node)
      const target = node.kind === 'sink' ? node.target : 'topic' in node ? node.topic : undefined
      if (serdes !== undefined && target !== undefined && isTopic(target))
        this.#serdes.set(target.name, serdes)
      if (node.kind === 'globalTable')
        this.#globals.set(node, new KeyValueStore(node.store, memoryState().bytes(node.name)))
    }
  }

  async start(): Promise<void> {
    for (const sub of subTopologiesOf(this.#topology)) {
      for (let partition = 0; partition < (this.#options.partitions ?? 1); partition++) {
        this.#tasks.push(await this.#task(sub, partition))
      }
    }
  }

  /** Writes a record to a topic that the topology reads, and works off all that follows from it. */
  async pipe(
    topic: string,
    { key = null, value, timestamp, headers = NO_HEADERS }: TestRecord,
  ): Promise<void> {
    const serdes = this.#serdesOf(topic)
    this.#append({
      topic,
      key: key === null ? null : serdes.key.encode(key),
      value: value === null ? null : serdes.value.encode(value),
      timestamp,
      headers,
    })
    await this.#work()
  }

  /** What the topology has written since the last call, in the order of writing; of one topic, or of all. */
  read(topic?: string): OutputRecord[] {
    const read = this.#written.filter((record) => topic === undefined || record.topic === topic)
    const left = this.#written.filter((record) => topic !== undefined && record.topic !== topic)
    this.#written.splice(0, this.#written.length, ...left)
    return read
  }

  /** Moves the wall clock, and does what is due by it. Milliseconds. */
  async advanceWallClock(by: number): Promise<void> {
    this.#wallClock += by
    for (const task of this.#tasks) this.#deliver(await task.processor.punctuate(NEVER))
    await this.#work()
  }

  /** An open store of a partition's task, by name. */
  store(name: string, partition = 0): OpenStore<StoreSpec> {
    for (const task of this.#tasks) {
      const store = task.partition === partition ? task.state.stores.get(name) : undefined
      if (store !== undefined) return store
    }
    for (const [node, store] of this.#globals) if (node.name === name) return store
    throw new MillraceError('CONFIG', `topology "${this.#topology.name}" has no store "${name}"`)
  }

  async close(): Promise<void> {
    for (const { state } of this.#tasks) await state.close()
    await this.#opened.close()
  }

  async #task(sub: SubTopology, partition: number): Promise<TestTask> {
    const state = new TaskState(await this.#backend(`${sub.id}_${partition}`))
    const topology = this.#topology
    const { counters } = this
    const processor = new Processor({
      topology,
      sub,
      partition,
      application: topology.name,
      state,
      globals: this.#globals,
      bindings: this.#opened,
      refusals: new Refusals(topology, counters, SILENT),
      counters,
      log: SILENT,
      now: () => this.#wallClock,
      futureTolerance: this.#options.futureTolerance,
    })
    return { sub, partition, state, processor, queues: new InputQueues() }
  }

  async #backend(task: string): Promise<StateBackend> {
    const { stores = 'memory' } = this.#options
    if (stores === 'memory') return memoryState()
    throw new MillraceError('CONFIG', `no stores on disk yet: ${join(stores.dir, task)}`)
  }

  /** Until nothing waits anywhere. */
  async #work(): Promise<void> {
    for (;;) {
      const task = this.#tasks.find(({ queues }) => !queues.empty)
      if (task === undefined) return
      const outbox = await task.processor.process(task.queues.take(1), NEVER)
      this.#deliver(outbox)
      await task.state.save({})
    }
  }

  #deliver({ records, letters }: Outbox): void {
    for (const record of [...records.map((outgoing) => outgoing.record), ...letters]) {
      const written = this.#append(record)
      const serdes = this.#serdes.get(record.topic)
      if (serdes !== undefined) this.#written.push(decoded(written, serdes))
    }
  }

  /** To the log, and to the task that reads the topic. */
  #append(record: OutRecord): RawRecord {
    const written = this.#logs.append(record)
    for (const { sub, partition, queues } of this.#tasks) {
      if (partition !== written.partition) continue
      if (sub.inputs.some((input) => topicOf(input, this.#topology.name) === written.topic))
        queues.add(written)
    }
    for (const [node, store] of this.#globals) {
      if (node.kind === 'globalTable' && node.topic.name === written.topic) this.#update(node, store, written)
    }
    return written
  }

  #update(node: Node, store: KeyValueStore<unknown, unknown>, { key, value, timestamp }: RawRecord): void {
    const serdes = this.#opened.serdes.get(node)!
    if (key !== null)
      store.put(serdes.key.decode(key), value === null ? null : serdes.value.decode(value), timestamp)
  }

  #serdesOf(topic: string): TopicSerdes {
    const serdes = this.#serdes.get(topic)
    if (serdes !== undefined) return serdes
    const known = [...this.#serdes.keys()].join(', ')
    throw new MillraceError(
      'CONFIG',
      `topology "${this.#topology.name}" has no topic "${topic}" (it has ${known})`,
    )
  }
}

const NEVER = new AbortController().signal

function decoded(
  { topic, partition, key, value, timestamp, headers }: RawRecord,
  serdes: TopicSerdes,
): OutputRecord {
  return {
    topic,
    partition,
    key: key === null ? null : serdes.key.decode(key),
    value: value === null ? null : serdes.value.decode(value),
    timestamp,
    headers,
  }
}
