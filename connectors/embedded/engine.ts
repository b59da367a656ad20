import { MillraceError } from '../../lib/errors.ts'
import type { OffsetRange, TopicSpec } from '../../lib/ports.ts'
import type { Position } from '../../lib/record.ts'
import {
  type ChunkFor,
  type Connection,
  type FetchAnswer,
  type FetchAsk,
  MAX_FETCH_BYTES,
  type MemberEvents,
  type Membership,
  type TopicDetails,
} from './connection.ts'
import { Groups } from './group/groups.ts'
import { readHead } from './log/chunk-layout.ts'
import { decodeChunk } from './log/decode-chunk.ts'
import type { Log } from './log/log.ts'
import type { Partition } from './log/partition.ts'
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

  committed(group: string, topics: readonly string[]): Promise<readonly Position[]> {
    return this.#log.positions(group, topics)
  }

  append(chunks: readonly ChunkFor[]): Promise<void> {
    return this.#log.append(chunks)
  }

  async fetch(asks: readonly FetchAsk[], signal: AbortSignal): Promise<readonly FetchAnswer[]> {
    const ends = [signal, this.lost]
    for (;;) {
      if (ends.some(({ aborted }) => aborted)) return []
      const logs = asks.map(({ topic, partition }) => this.#topic(topic).logs[partition]!)
      // Listening begins before reading does: what comes in between must not be slept through.
      const appended = anAppend(logs, ends)
      try {
        const answers = await readAll(asks, logs)
        if (answers.length > 0) return answers
        await appended.promise
      } finally {
        appended.ignore()
      }
    }
  }

  member(group: string, topics: readonly string[], events: MemberEvents): Membership {
    return this.#groups.member(group, topics, events)
  }

  async close(): Promise<void> {
    this.#closed.abort(new MillraceError('UNREACHABLE', 'The embedded log was closed'))
    this.#groups.end()
    await this.#log.close()
  }

  #topic(topic: string): Topic {
    const found = this.#log.topic(topic)
    if (found !== undefined) return found
    throw new MillraceError('MISSING', `Topic ${topic} does not exist; \`millrace apply\` creates it`, {
      topic,
    })
  }
}

async function readAll(
  asks: readonly FetchAsk[],
  logs: readonly Partition[],
): Promise<readonly FetchAnswer[]> {
  const answers: FetchAnswer[] = []
  let left = MAX_FETCH_BYTES
  for (const [i, { topic, partition, offset, maxBytes }] of asks.entries()) {
    const log = logs[i]!
    requireHeld(log, offset)
    if (left <= 0) break
    const { chunks, next } = await log.read(offset, Math.min(maxBytes, left))
    for (const { bytes } of chunks) left -= bytes.length
    if (next > offset) answers.push({ topic, partition, from: offset, next, chunks })
  }
  return answers
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

function anAppend(
  logs: readonly Partition[],
  ends: readonly AbortSignal[],
): { promise: Promise<void>; ignore: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = () => resolve()
  const stop = logs.map((log) => log.onAppend(wake))
  for (const end of ends) end.addEventListener('abort', wake)
  const ignore = () => {
    for (const end of stop) end()
    for (const end of ends) end.removeEventListener('abort', wake)
  }
  return { promise, ignore }
}

async function firstSince(log: Partition, timestamp: number): Promise<number> {
  const { end } = log.state
  for await (const chunk of log.chunks(await log.scanStart(timestamp), end)) {
    if (readHead(chunk.bytes).maxTimestamp < timestamp) continue
    const first = decodeChunk(chunk, log).find((record) => record.timestamp >= timestamp)
    if (first !== undefined) return first.offset
  }
  return end
}
