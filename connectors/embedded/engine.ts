import type { CommittedPosition, MemberInfo, OffsetRange, TopicSpec } from '../../lib/broker/broker.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { Position, TopicPartition } from '../../lib/record.ts'
import {
  type ChunkFor,
  type Connection,
  type FetchAnswer,
  type FetchAsk,
  MAX_FETCH_BYTES,
  type MemberEvents,
  type Membership,
  type TopicDetails,
  type TransactionCommit,
} from './connection.ts'
import { Groups } from './group/groups.ts'
import { readHead } from './log/chunk-layout.ts'
import { decodeChunk } from './log/decode-chunk.ts'
import type { Log } from './log/log.ts'
import type { Partition } from './log/partition.ts'
import { deleteBefore } from './log/retention.ts'
import type { Topic } from './log/topic.ts'

export interface EngineOptions {
  readonly log: Log
  /** How long a rebalance waits for a member to finish. Milliseconds. */
  readonly rebalanceTimeout: number
}

/** The one engine behind both doors: called directly in the process that owns the log, by its server for the others. */
export class Engine implements Connection {
  readonly #log: Log
  readonly #groups: Groups
  readonly #closed = new AbortController()
  readonly lost: AbortSignal

  constructor({ log, rebalanceTimeout }: EngineOptions) {
    this.#log = log
    this.lost = AbortSignal.any([log.failed, this.#closed.signal])
    this.#groups = new Groups({
      rebalanceTimeout,
      partitions: (topic) => log.topic(topic)?.partitions ?? 0,
      store: (group, positions) => log.commitPositions(group, positions),
    })
  }

  async topics(names: readonly string[]): Promise<readonly TopicDetails[]> {
    return names.flatMap((name) => {
      const found = this.#log.topic(name)
      if (found === undefined) return []
      const { topic, partitions, settings } = found
      return [{ topic, partitions, maxMessageBytes: settings.maxMessageBytes, compacts: settings.compacts }]
    })
  }

  createTopic(spec: TopicSpec): Promise<void> {
    return this.#log.createTopic(spec)
  }

  async offsets(topic: string): Promise<readonly OffsetRange[]> {
    return this.#topic(topic).logs.map(({ partition, state: { earliest, end } }) => ({
      partition,
      earliest,
      end,
    }))
  }

  async offsetsForTime(topic: string, timestamp: number): Promise<readonly Position[]> {
    return Promise.all(
      this.#topic(topic).logs.map(async (log) => ({
        topic,
        partition: log.partition,
        offset: await firstSince(log, timestamp),
      })),
    )
  }

  committed(group: string, topics: readonly string[]): Promise<readonly CommittedPosition[]> {
    return this.#log.positions(group, topics)
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#log.deleteTopic(topic)
  }

  async deleteRecords(before: readonly Position[]): Promise<void> {
    const logs = this.#logsOf(before)
    for (const [i, { offset }] of before.entries()) {
      const log = logs[i]!
      if (offset > log.state.end) throw beyondTheEnd(log, offset)
      await this.#log.upkeep(() => deleteBefore(this.#log, log, offset))
    }
  }

  async members(group: string): Promise<readonly MemberInfo[]> {
    return this.#groups.members(group)
  }

  async setPositions(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    this.#groups.requireEmpty(group)
    this.#logsOf(positions)
    await this.#log.commitPositions(group, positions)
  }

  append(chunks: readonly ChunkFor[]): Promise<void> {
    return this.#log.append(chunks)
  }

  openWriter(id: string): Promise<number> {
    return this.#log.openWriter(id)
  }

  commitTransaction(transaction: TransactionCommit): Promise<void> {
    return this.#log.commitTransaction(transaction)
  }

  async fetch(asks: readonly FetchAsk[], signal: AbortSignal): Promise<readonly FetchAnswer[]> {
    return (await this.available(asks, signal)) ? this.read(asks) : []
  }

  /** Waits until `read` has an answer; resolves with false when it ends for another reason. */
  async available(asks: readonly FetchAsk[], signal: AbortSignal): Promise<boolean> {
    const ends = [signal, this.lost]
    for (;;) {
      if (ends.some(({ aborted }) => aborted)) return false
      // Asked for anew each time: a topic may be deleted meanwhile.
      const logs = this.#logsOf(asks)
      // What is not held is answered too: with a refusal.
      if (asks.some(({ offset }, i) => offset !== logs[i]!.state.end)) return true
      await anAppend(logs, ends)
    }
  }

  async read(asks: readonly FetchAsk[]): Promise<readonly FetchAnswer[]> {
    const logs = this.#logsOf(asks)
    const answers: FetchAnswer[] = []
    let left = MAX_FETCH_BYTES
    for (const [i, { topic, partition, offset, maxBytes }] of asks.entries()) {
      requireHeld(logs[i]!, offset)
      if (left <= 0) break
      const { chunks, next } = await logs[i]!.read(offset, Math.min(maxBytes, left))
      for (const { bytes } of chunks) left -= bytes.length
      if (next > offset) answers.push({ topic, partition, from: offset, next, chunks })
    }
    return answers
  }

  /** `pid`: of the process that asks. */
  member(group: string, topics: readonly string[], events: MemberEvents, pid = process.pid): Membership {
    return this.#groups.member(group, topics, events, pid)
  }

  async close(): Promise<void> {
    this.#closed.abort(new MillraceError('UNREACHABLE', 'The embedded log was closed'))
    this.#groups.end()
    await this.#log.close()
  }

  #logsOf(places: readonly TopicPartition[]): Partition[] {
    return places.map(({ topic, partition }) => {
      const log = this.#topic(topic).logs[partition]
      if (log !== undefined) return log
      throw new MillraceError('MISSING', `Topic ${topic} has no partition ${partition}`, { topic, partition })
    })
  }

  #topic(topic: string): Topic {
    const found = this.#log.topic(topic)
    if (found !== undefined) return found
    throw new MillraceError('MISSING', `Topic ${topic} does not exist; \`millrace apply\` creates it`, {
      topic,
    })
  }
}

function requireHeld({ topic, partition, state: { earliest, end } }: Partition, offset: number): void {
  if (offset >= earliest && offset <= end) return
  throw new MillraceError(
    'DATA_LOSS',
    `${topic}/${partition}/${offset} is not held: the log has the records from ${earliest} to ${end}. ` +
      'Reset the position of the group by hand to go on without them.',
    { topic, partition, offset },
  )
}

function beyondTheEnd({ topic, partition, state }: Partition, offset: number): MillraceError {
  const message = `Records before ${topic}/${partition}/${offset} can't be deleted: the log ends at ${state.end}`
  return new MillraceError('DATA_LOSS', message, { topic, partition, offset })
}

/** Resolves at the next append to one of them, or when one of the signals aborts. */
async function anAppend(logs: readonly Partition[], ends: readonly AbortSignal[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = () => resolve()
  const ignored = logs.map((log) => log.onAppend(wake))
  for (const end of ends) end.addEventListener('abort', wake)
  await promise
  for (const ignore of ignored) ignore()
  for (const end of ends) end.removeEventListener('abort', wake)
}

async function firstSince(log: Partition, timestamp: number): Promise<number> {
  const { end } = log.state
  for await (const chunk of log.chunks(await log.scanStart(timestamp), end)) {
    if (readHead(chunk.bytes).maxTimestamp < timestamp) continue
    const first = decodeChunk(chunk, log).find(
      (record) => record.timestamp >= timestamp && record.offset >= log.state.earliest,
    )
    if (first !== undefined) return first.offset
  }
  return end
}
