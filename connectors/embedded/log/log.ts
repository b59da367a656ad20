import type { CommittedPosition, TopicSpec } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import { loadTopics } from './catalogue.ts'
import { GroupCommit } from './group-commit.ts'
import {
  LAST_ID_KEY,
  type PartitionId,
  partitionIn,
  positionKey,
  positionRange,
  positionsRange,
  topicKey,
  topicOfPosition,
} from './keys.ts'
import { orphans, removals } from './orphans.ts'
import { type Change, Partition } from './partition.ts'
import { EMPTY } from './partition-state.ts'
import { openStore, type Store, type StoreOperation } from './store.ts'
import { storeError } from './store-error.ts'
import { type Topic, type TopicEntry, topicEntry } from './topic.ts'
import { topicSettings } from './topic-settings.ts'
import { type Turn, Writers } from './writers.ts'

export interface ChunkFor {
  readonly topic: string
  readonly partition: number
  readonly chunk: Buffer
}

const OFFSET_BYTES = 8

/** What one transaction writes. */
export interface TransactionCommit extends Turn {
  readonly chunks: readonly ChunkFor[]
  readonly group: string
  readonly positions: readonly CommittedPosition[]
}

/** The log on disk: topics, their records, and the positions of groups. Everything resolves when it is durable. */
export class Log {
  readonly #dir: string
  readonly #store: Store
  readonly #topics: Map<string, Topic>
  readonly #writers: Writers
  readonly #commit: GroupCommit
  readonly #failed = new AbortController()
  #lastId: number
  #upkeep: Promise<unknown> = Promise.resolve()

  private constructor(dir: string, store: Store, topics: readonly Topic[], writers: Writers, lastId: number) {
    this.#dir = dir
    this.#store = store
    this.#writers = writers
    this.#topics = new Map(topics.map((topic) => [topic.topic, topic]))
    this.#lastId = Math.max(lastId, ...topics.map(({ id }) => id))
    this.#commit = new GroupCommit(store, (error) => this.#broken(error))
  }

  /** Resolves with undefined when another process has it open. Rejects as `openStore`, or with `DATA_LOSS`. */
  static async open(dir: string): Promise<Log | undefined> {
    const store = await openStore(dir)
    if (store === undefined) return undefined
    try {
      const topics = await loadTopics(store)
      const lastId = Number((await store.get(LAST_ID_KEY))?.toString('latin1') ?? 0)
      const log = new Log(dir, store, topics, await Writers.load(store), lastId)
      for (const id of await orphans(store, topics)) await log.#remove(id)
      return log
    } catch (error) {
      await store.close()
      throw storeError(error, 'reading its topics', dir)
    }
  }

  /** Aborted, with the reason, at the first failed write: nothing can be written until the log is opened again. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  topics(): Iterable<Topic> {
    return this.#topics.values()
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  async createTopic(spec: TopicSpec): Promise<void> {
    let created: Topic | undefined
    await this.#commit.write(() => {
      if (this.#topics.has(spec.topic)) return []
      const entry = topicEntry(this.#lastId + 1, spec)
      this.#lastId = entry.id
      created = this.#newTopic(entry)
      // From here on another call finds it; should the write fail, so does everything after it.
      this.#topics.set(spec.topic, created)
      return [{ type: 'put', key: topicKey(spec.topic), value: Buffer.from(JSON.stringify(entry)) }]
    })
  }

  /** A kill in the middle leaves none of it to be seen; what is left of its records goes when the log is opened. */
  async deleteTopic(name: string): Promise<void> {
    const committed = await this.#store.keys(positionsRange()).all()
    const positions = committed.filter((key) => topicOfPosition(key) === name)
    let deleted: Topic | undefined
    await this.#commit.write(() => {
      deleted = this.#topics.get(name)
      if (deleted === undefined) return []
      this.#topics.delete(name)
      const lastId = { type: 'put', key: LAST_ID_KEY, value: Buffer.from(String(this.#lastId)) } as const
      return [lastId, ...[topicKey(name), ...positions].map((key) => ({ type: 'del', key }) as const)]
    })
    for (const partition of deleted?.logs ?? []) {
      partition.wake()
      await this.upkeep(() => this.#remove(partition.id))
    }
  }

  /** Retention, compaction and deletion: one at a time. */
  upkeep<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#upkeep.then(work)
    this.#upkeep = done.catch(() => {})
    return done
  }

  /** All of the chunks or, if this rejects, perhaps all: never some. */
  async append(chunks: readonly ChunkFor[]): Promise<void> {
    await this.change(() => appended(this.#byPartition(chunks)), bytesOf(chunks))
  }

  /** A new writer under this id; resolves with its epoch. What its predecessors asked for before is written by then. */
  async openWriter(id: string): Promise<number> {
    let epoch = 0
    await this.#commit.write(() => {
      const opened = this.#writers.open(id)
      epoch = opened.epoch
      return [opened.operation]
    })
    return epoch
  }

  /** All of it or, if this rejects with `UNREACHABLE`, perhaps all; nothing if it rejects with `FENCED`. Once. */
  async commitTransaction({ chunks, group, positions, ...turn }: TransactionCommit): Promise<void> {
    await this.change(() => {
      const byPartition = this.#byPartition(chunks)
      const writer = this.#writers.commit(turn)
      if (writer === undefined) return []
      const beside = [writer, ...positions.map((position) => positionOperation(group, position))]
      return [...appended(byPartition), { operations: beside, durable: () => {} }]
    }, bytesOf(chunks))
  }

  /** Writes changes of partitions at once. `prepare` is called when their turn has come. */
  async change(prepare: () => readonly Change[], bytes = 0): Promise<void> {
    let changes: readonly Change[] = []
    await this.#commit.write(() => {
      changes = prepare()
      return changes.flatMap(({ operations }) => operations)
    }, bytes)
    for (const change of changes) change.durable()
  }

  /** Rejects with `WRITE` where there is none. */
  partition(topic: string, partition: number): Partition {
    const log = this.#topics.get(topic)?.logs[partition]
    if (log !== undefined) return log
    throw new MillraceError('WRITE', `The embedded log has no partition ${topic}/${partition}`, {
      topic,
      partition,
    })
  }

  async commitPositions(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    const operations = positions.map((position) => positionOperation(group, position))
    await this.#commit.write(() => operations)
  }

  /** Commits that were under way when this was asked are in the answer. */
  async positions(group: string, topics: readonly string[]): Promise<CommittedPosition[]> {
    await this.#commit.settled()
    const positions: CommittedPosition[] = []
    for (const topic of new Set(topics)) {
      for (const [key, value] of await this.#store.iterator(positionRange(group, topic)).all()) {
        positions.push({ topic, partition: partitionIn(key), ...positionIn(value) })
      }
    }
    return positions
  }

  /** Lets writes in hand finish. */
  async close(): Promise<void> {
    await this.#commit.settled()
    await this.#store.close()
  }

  /** Throws before anything is changed. */
  #byPartition(chunks: readonly ChunkFor[]): ReadonlyMap<Partition, readonly Buffer[]> {
    const byPartition = new Map<Partition, Buffer[]>()
    for (const { topic, partition, chunk } of chunks) {
      const log = this.partition(topic, partition)
      const together = byPartition.get(log)
      if (together === undefined) byPartition.set(log, [chunk])
      else together.push(chunk)
    }
    return byPartition
  }

  async #remove(id: PartitionId): Promise<void> {
    for await (const operations of removals(this.#store, id)) await this.#commit.write(() => operations)
  }

  #newTopic(entry: TopicEntry): Topic {
    const logs = Array.from(
      { length: entry.partitions },
      (_, partition) => new Partition(this.#store, entry.topic, { topicId: entry.id, partition }, EMPTY),
    )
    return { ...entry, settings: topicSettings(entry.topic, entry.config), logs }
  }

  #broken(error: unknown): Error {
    const failure = storeError(error, 'writing', this.#dir)
    this.#failed.abort(failure)
    return failure
  }
}

function appended(byPartition: ReadonlyMap<Partition, readonly Buffer[]>): Change[] {
  return [...byPartition].map(([log, chunks]) => log.append(chunks))
}

function bytesOf(chunks: readonly ChunkFor[]): number {
  return chunks.reduce((sum, { chunk }) => sum + chunk.length, 0)
}

/** The offset; behind it the metadata, if any. */
function positionOperation(group: string, position: CommittedPosition): StoreOperation {
  const { topic, partition, offset, metadata = '' } = position
  const value = Buffer.allocUnsafe(OFFSET_BYTES + Buffer.byteLength(metadata))
  value.writeDoubleBE(offset)
  value.write(metadata, OFFSET_BYTES)
  return { type: 'put', key: positionKey(group, topic, partition), value }
}

function positionIn(value: Buffer): Pick<CommittedPosition, 'offset' | 'metadata'> {
  const offset = value.readDoubleBE(0)
  return value.length > OFFSET_BYTES ? { offset, metadata: value.toString('utf8', OFFSET_BYTES) } : { offset }
}
