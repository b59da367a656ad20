import { join } from 'node:path'
import { MillraceError } from '../errors.ts'
import { SILENT } from '../log.ts'
import type { TopicSerdes } from '../operators/sink.ts'
import { NO_HEADERS, type OutRecord, type RawRecord } from '../record.ts'
import { Counters } from '../runtime/counters.ts'
import { type OpenTopology, open } from '../runtime/open.ts'
import type { Outbox } from '../runtime/outbox.ts'
import { Processor } from '../runtime/processor.ts'
import { Refusals } from '../runtime/refusals.ts'
import { taskNames } from '../runtime/task-plan.ts'
import { openDiskState } from '../state/disk-state.ts'
import { memoryState } from '../state/memory-state.ts'
import { type OpenStore, TaskState } from '../state/task-state.ts'
import { isTopic, type Topology } from '../topology/nodes.ts'
import type { StoreSpec } from '../topology/store.ts'
import { type SubTopology, subTopologiesOf, upstreamOf } from '../topology/sub-topologies.ts'
import { seededRandom } from './random.ts'
import type { TestDriverOptions, TestRecord } from './test-driver-options.ts'
import { testEnvironment } from './test-environment.ts'
import { TestGlobals } from './test-globals.ts'
import { TestTask } from './test-task.ts'
import { TopicLogs } from './topic-logs.ts'
import { type OutputRecord, type Refused, Written } from './written.ts'

/**
 * Runs a topology without servers, on virtual clocks: the same compiled tasks as a worker's. Records are piped in,
 * worked off completely through all repartition topics, and read out. (TopologyTestDriver)
 *
 * ```ts
 * const driver = await testDriver(topology, { partitions: 4, seed: 7 })
 * await driver.pipe('users.raw', { key: 'u1', value: user, timestamp: 0 })
 * driver.read('users.insights')
 * ```
 */
export async function testDriver(topology: Topology, options: TestDriverOptions = {}): Promise<TestDriver> {
  const opened = await open(topology, topology.name, testEnvironment(options.lookups))
  const driver = new TestDriver(topology, opened, options)
  await driver.start()
  return driver
}

export class TestDriver {
  readonly counters = new Counters()
  readonly #topology: Topology
  readonly #opened: OpenTopology
  readonly #options: TestDriverOptions
  readonly #partitions: number
  readonly #random: (() => number) | undefined
  readonly #logs: TopicLogs
  readonly #tasks: TestTask[] = []
  readonly #globals: TestGlobals
  readonly #serdes = new Map<string, TopicSerdes>()
  readonly #written = new Written()
  #wallClock: number
  #readAt: number

  /** Made by `testDriver`. */
  constructor(topology: Topology, opened: OpenTopology, options: TestDriverOptions) {
    this.#topology = topology
    this.#opened = opened
    this.#options = options
    this.#partitions = options.partitions ?? 1
    this.#random = options.seed === undefined ? undefined : seededRandom(options.seed)
    this.#wallClock = options.wallClock ?? 0
    this.#readAt = this.#wallClock
    this.#logs = new TopicLogs((topic) => (topic === topology.deadLetters.topic ? 1 : this.#partitions))
    this.#globals = new TestGlobals(topology, opened.serdes, this.counters)
    for (const node of topology.nodes) {
      const serdes = opened.serdes.get(node)
      const target = node.kind === 'sink' ? node.target : 'topic' in node ? node.topic : undefined
      if (serdes !== undefined && target !== undefined && isTopic(target))
        this.#serdes.set(target.name, serdes)
    }
  }

  async start(): Promise<void> {
    for (const sub of subTopologiesOf(this.#topology)) {
      for (let partition = 0; partition < this.#partitions; partition++) {
        const task = this.#task(sub, partition)
        await task.open()
        this.#tasks.push(task)
      }
    }
  }

  /** Writes a record to a topic that the topology reads, and works off all that follows from it. */
  async pipe(topic: string, record: TestRecord): Promise<void> {
    await this.pipeAll(topic, [record])
  }

  /** Writes all of them before anything is worked off: what can then be chosen, is chosen by the seed. */
  async pipeAll(topic: string, records: Iterable<TestRecord>): Promise<void> {
    for (const record of records) this.write(topic, record)
    await this.work()
  }

  /** Writes a record, and works nothing off yet. */
  write(topic: string, { key = null, value, timestamp, headers = NO_HEADERS, partition }: TestRecord): void {
    const serdes = this.#serdesOf(topic)
    const keyBytes = key === null ? null : serdes.key.encode(key)
    const valueBytes = value === null ? null : serdes.value.encode(value)
    this.writeRaw({ topic, partition, key: keyBytes, value: valueBytes, timestamp, headers })
  }

  /** The same with bytes of any kind. */
  writeRaw(record: OutRecord): void {
    this.#readAt = this.#wallClock
    this.#append(record)
  }

  /** Until nothing waits anywhere, and every task knows how far those are that feed it. */
  async work(): Promise<void> {
    do {
      for (let task = this.#next(); task !== undefined; task = this.#next()) await this.#run(task)
    } while (this.#mark())
  }

  /** What the topology has written since the last call, in the order of writing; of one topic, or of all. */
  read(topic?: string): OutputRecord[] {
    return this.#written.read(topic)
  }

  /** What a sink of another kind (a table) was given so far. */
  rows(step: string): readonly unknown[] {
    return this.#written.rows(step)
  }

  /** What steps have refused so far. */
  get deadLetters(): readonly Refused[] {
    return this.#written.refused
  }

  /** Moves the wall clock, and does what is due by it, or because nothing has been written for long. Milliseconds. */
  async advanceWallClock(by: number): Promise<void> {
    this.#wallClock += by
    for (const task of this.#tasks) await this.#punctuate(task, 0)
    await this.work()
    if (!this.#idle) return
    // A sub-topology after the other: what one shows early is read by the next before that is idle.
    for (const task of this.#tasks) await this.#punctuate(task, this.#wallClock - this.#readAt)
  }

  async #punctuate(task: TestTask, idleFor: number): Promise<void> {
    if (await task.punctuate(NEVER, idleFor)) await this.#reopen(task)
    if (idleFor > 0) await this.work()
  }

  get #idle(): boolean {
    return this.#wallClock - this.#readAt >= (this.#options.idleAfter ?? 1000)
  }

  /** An open store of a partition's task, by name. */
  store(name: string, partition = 0): OpenStore<StoreSpec> {
    for (const task of this.#tasks) {
      const store = task.partition === partition ? task.state.stores.get(name) : undefined
      if (store !== undefined) return store
    }
    const rows = this.#globals.named(name)
    if (rows !== undefined) return rows
    throw new MillraceError('CONFIG', `topology "${this.#topology.name}" has no store "${name}"`)
  }

  /** As if the process had died: every task is opened from what it saved last. */
  async crash(): Promise<void> {
    for (const task of this.#tasks) await this.#reopen(task)
    await this.work()
  }

  /** Every task is finished, given up, and taken over by another worker that has its state. */
  async rebalance(): Promise<void> {
    await this.work()
    await this.crash()
  }

  async close(): Promise<void> {
    for (const task of this.#tasks) await task.close()
    await this.#opened.close()
  }

  #task(sub: SubTopology, partition: number): TestTask {
    const topology = this.#topology
    const { guarantee = 'exactly-once', crash, futureTolerance = Number.POSITIVE_INFINITY } = this.#options
    const name = `${sub.id}_${partition}`
    const upstreams = upstreamOf(topology, sub).flatMap((one) => {
      return taskNames(one, topology.name, () => this.#partitions)
    })
    const { counters } = this
    const open = async () => {
      const state = new TaskState(await this.#backend(name), name, upstreams)
      const processor = new Processor({
        topology,
        sub,
        partition,
        application: topology.name,
        state,
        globals: this.#globals.rows,
        bindings: this.#opened,
        refusals: new Refusals(topology, counters, SILENT),
        counters,
        log: SILENT,
        now: () => this.#wallClock,
        futureTolerance,
      })
      return { state, processor }
    }
    return new TestTask({
      sub,
      partition,
      application: topology.name,
      logs: this.#logs,
      open,
      deliver: (outbox) => this.#deliver(outbox),
      crashes: (point) => crash?.(point, name) ?? false,
      atomic: guarantee === 'exactly-once',
    })
  }

  #backend(task: string) {
    const { stores = 'memory' } = this.#options
    return stores === 'memory' ? memoryState() : openDiskState(join(stores.dir, task))
  }

  async #reopen(task: TestTask): Promise<void> {
    if ((this.#options.stores ?? 'memory') === 'memory') {
      throw new MillraceError('CONFIG', 'a crash loses what is in memory: test it with { stores: { dir } }')
    }
    await task.close()
    await task.open()
  }

  #next(): TestTask | undefined {
    const ready = this.#tasks.filter((task) => task.ready)
    return ready[this.#random === undefined ? 0 : Math.floor(this.#random() * ready.length)]
  }

  async #run(task: TestTask): Promise<void> {
    const { batch = 1 } = this.#options
    const records = this.#random === undefined ? batch : 1 + Math.floor(this.#random() * batch)
    if (await task.run(records, NEVER)) await this.#reopen(task)
  }

  /** Tells the tasks behind repartition topics how far the others are. With one task each they know by the records. */
  #mark(): boolean {
    const idle = this.#idle
    if (this.#partitions === 1 && !idle) return false
    const markers = this.#tasks.flatMap((task) => task.markers(idle))
    for (const record of markers) this.#append(record)
    return markers.length > 0
  }

  #deliver({ records, letters, rows }: Outbox): void {
    for (const { record } of records) {
      const written = this.#append(record)
      const serdes = this.#serdes.get(record.topic)
      if (serdes !== undefined) this.#written.addRecord(written, serdes)
    }
    this.#written.addRows(rows)
    for (const letter of letters) this.#written.addLetter(this.#append(letter))
  }

  /** To the log, and to the tasks and global tables that read the topic. */
  #append(record: OutRecord): RawRecord {
    const written = this.#logs.append(record)
    for (const task of this.#tasks) task.offer(written)
    this.#globals.update(written)
    return written
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
