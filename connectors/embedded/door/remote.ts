import type { Socket } from 'node:net'
import type { CommittedPosition, MemberInfo, OffsetRange, TopicSpec } from '../../../lib/broker/broker.ts'
import { MillraceError } from '../../../lib/errors.ts'
import type { Position, TopicPartition } from '../../../lib/record.ts'
import type {
  ChunkFor,
  Connection,
  FetchAnswer,
  FetchAsk,
  MemberEvents,
  Membership,
  TopicDetails,
  TransactionCommit,
} from '../connection.ts'
import type { EmbeddedTiming } from '../options.ts'
import type { Frame } from './frames.ts'
import { type FetchedFrame, fromWire, type Greeting, PROTOCOL } from './messages.ts'
import { RequestSocket } from './request-socket.ts'

/** The log as the process that owns it serves it. */
export class RemoteConnection implements Connection {
  readonly #requests: RequestSocket
  readonly #members = new Map<number, MemberEvents>()
  #lastMember = 0

  constructor(socket: Socket, timing: EmbeddedTiming) {
    this.#requests = new RequestSocket(socket, timing, (event) => {
      const events = this.#members.get(event.member)
      if (event.kind === 'rebalancing') events?.rebalancing()
      else if (event.kind === 'assigned') events?.assigned(event.generation, event.share)
      else events?.expelled(fromWire(event.error))
    })
  }

  get lost(): AbortSignal {
    return this.#requests.lost
  }

  /** Who is at the other end. */
  greet(): Promise<Greeting> {
    return this.#ask({ op: 'hello', protocol: PROTOCOL, pid: process.pid })
  }

  topics(names: readonly string[]): Promise<readonly TopicDetails[]> {
    return this.#ask({ op: 'topics', names })
  }

  createTopic(spec: TopicSpec): Promise<void> {
    return this.#ask({ op: 'createTopic', spec })
  }

  offsets(topic: string): Promise<readonly OffsetRange[]> {
    return this.#ask({ op: 'offsets', topic })
  }

  offsetsForTime(topic: string, timestamp: number): Promise<readonly Position[]> {
    return this.#ask({ op: 'offsetsForTime', topic, timestamp })
  }

  committed(group: string, topics: readonly string[]): Promise<readonly CommittedPosition[]> {
    return this.#ask({ op: 'committed', group, topics })
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#ask({ op: 'deleteTopic', topic })
  }

  deleteRecords(before: readonly Position[]): Promise<void> {
    return this.#ask({ op: 'deleteRecords', before })
  }

  members(group: string): Promise<readonly MemberInfo[]> {
    return this.#ask({ op: 'members', group })
  }

  setPositions(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    return this.#ask({ op: 'setPositions', group, positions })
  }

  async append(chunks: readonly ChunkFor[]): Promise<void> {
    await this.#requests.send({ op: 'append', places: chunks.map(placeOf) }, chunks.map(partOf)).answer
  }

  openWriter(id: string): Promise<number> {
    return this.#ask({ op: 'openWriter', writer: id })
  }

  async commitTransaction({ chunks, ...transaction }: TransactionCommit): Promise<void> {
    const places = chunks.map(placeOf)
    await this.#requests.send({ op: 'commitTransaction', places, transaction }, chunks.map(partOf)).answer
  }

  async fetch(asks: readonly FetchAsk[], signal: AbortSignal): Promise<readonly FetchAnswer[]> {
    if (signal.aborted) return []
    const { id, answer } = this.#requests.send({ op: 'fetch', asks })
    const cancel = () => void this.#ask({ op: 'cancel', fetch: id }).catch(() => {})
    signal.addEventListener('abort', cancel)
    try {
      return fetchAnswers(await answer)
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  member(group: string, topics: readonly string[], events: MemberEvents): Membership {
    const member = ++this.#lastMember
    this.#members.set(member, events)
    return {
      join: (data) => this.#ask({ op: 'join', member, group, topics, data }),
      ready: (data) => void this.#ask({ op: 'ready', member, data }).catch(() => {}),
      commit: (generation, positions) => this.#ask({ op: 'commit', member, generation, positions }),
      leave: async () => {
        this.#members.delete(member)
        await this.#ask({ op: 'leave', member })
      },
    }
  }

  async close(): Promise<void> {
    this.#requests.close(new MillraceError('UNREACHABLE', 'The connection to the embedded log was closed'))
  }

  async #ask<T>(request: Parameters<RequestSocket['send']>[0]): Promise<T> {
    const { message } = await this.#requests.send(request).answer
    return message as T
  }
}

function placeOf({ topic, partition }: ChunkFor): TopicPartition {
  return { topic, partition }
}

function partOf({ chunk }: ChunkFor): Buffer {
  return chunk
}

function fetchAnswers({ message, parts }: Frame<unknown>): FetchAnswer[] {
  let part = 0
  return (message as readonly FetchedFrame[]).map(({ lasts, ...answer }) => ({
    ...answer,
    chunks: lasts.map((last) => ({ last, bytes: parts[part++]! })),
  }))
}
