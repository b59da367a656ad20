import type { Socket } from 'node:net'
import { MillraceError } from '../../../lib/errors.ts'
import type { Connection, FetchAnswer, Membership } from '../connection.ts'
import type { EmbeddedTiming } from '../options.ts'
import { encodeFrame, type Frame, FrameReader } from './frames.ts'
import {
  type Answer,
  type FetchedFrame,
  type Greeting,
  type Numbered,
  PROTOCOL,
  type Request,
  toWire,
} from './messages.ts'

type Engine = Connection & { readonly waitingBytes: number }
type Incoming = Frame<Numbered<Request>>

export interface ServedClientOptions {
  /** As a greeting names it. */
  readonly dir: string
  readonly timing: EmbeddedTiming
}

interface Reply {
  readonly result: unknown
  readonly parts: readonly Buffer[]
}

/** Beyond this much unwritten, in the log or on the socket, no more is read from the client. */
const CREDIT_BYTES = 16 * 1024 * 1024

/** One process at the other end of the socket. Its requests run side by side; what it sent first is begun first. */
export class ServedClient {
  readonly #engine: Engine
  readonly #dir: string
  readonly #socket: Socket
  readonly #reader = new FrameReader<Numbered<Request>>()
  readonly #members = new Map<number, Membership>()
  readonly #fetches = new Map<number, AbortController>()
  readonly #watch: NodeJS.Timeout
  /** Counted, not timed: a machine that slept must not take everyone for dead. */
  #silentTicks = 0

  constructor(engine: Engine, socket: Socket, { dir, timing }: ServedClientOptions) {
    this.#engine = engine
    this.#dir = dir
    this.#socket = socket
    const ticks = Math.ceil(timing.session / timing.heartbeat)
    this.#watch = setInterval(() => {
      if (++this.#silentTicks > ticks) socket.destroy()
    }, timing.heartbeat)
    this.#watch.unref()
    socket.on('data', (data) => this.#read(data))
    socket.on('drain', () => this.#flow())
    // What follows is `close`.
    socket.on('error', () => {})
  }

  /** The process has ended, or does not want to be a client any more. */
  gone(): void {
    clearInterval(this.#watch)
    for (const fetch of this.#fetches.values()) fetch.abort()
    for (const member of this.#members.values()) void member.leave()
    this.#members.clear()
  }

  #read(data: Buffer): void {
    this.#silentTicks = 0
    try {
      for (const frame of this.#reader.read(data)) void this.#serve(frame)
    } catch {
      this.#socket.destroy()
    }
    this.#flow()
  }

  #flow(): void {
    const full = this.#engine.waitingBytes > CREDIT_BYTES || this.#socket.writableLength > CREDIT_BYTES
    if (full) this.#socket.pause()
    else this.#socket.resume()
  }

  async #serve(frame: Incoming): Promise<void> {
    const { id } = frame.message
    try {
      const { result, parts } = await this.#reply(frame)
      this.#say({ kind: 'result', id, result }, parts)
    } catch (error) {
      this.#say({ kind: 'error', id, error: toWire(error) })
    }
    this.#flow()
  }

  #say(message: Answer, parts: readonly Buffer[] = []): void {
    if (this.#socket.destroyed) return
    this.#socket.cork()
    for (const piece of encodeFrame({ message, parts })) this.#socket.write(piece)
    this.#socket.uncork()
  }

  async #reply({ message, parts }: Incoming): Promise<Reply> {
    if (message.op === 'fetch') return this.#fetch(message.id, message.asks)
    if (message.op === 'append') {
      const chunks = message.places.map((place, i) => ({ ...place, chunk: parts[i]! }))
      return { result: await this.#engine.append(chunks), parts: [] }
    }
    return { result: await this.#answer(message), parts: [] }
  }

  async #answer(request: Exclude<Request, { op: 'fetch' | 'append' }>): Promise<unknown> {
    const engine = this.#engine
    switch (request.op) {
      case 'hello':
        return { protocol: PROTOCOL, pid: process.pid, dir: this.#dir } satisfies Greeting
      case 'ping':
        return
      case 'topics':
        return engine.topics(request.names)
      case 'createTopic':
        return engine.createTopic(request.spec)
      case 'offsets':
        return engine.offsets(request.topic)
      case 'offsetsForTime':
        return engine.offsetsForTime(request.topic, request.timestamp)
      case 'committed':
        return engine.committed(request.group, request.topics)
      case 'cancel':
        return this.#fetches.get(request.fetch)?.abort()
      case 'join':
        return this.#join(request.member, request.group, request.topics)
      case 'ready':
        return this.#member(request.member).ready()
      case 'commit':
        return this.#member(request.member).commit(request.generation, request.positions)
      case 'leave':
        return this.#leave(request.member)
    }
  }

  async #fetch(id: number, asks: Parameters<Connection['fetch']>[0]): Promise<Reply> {
    const cancelled = new AbortController()
    this.#fetches.set(id, cancelled)
    try {
      const answers = await this.#engine.fetch(asks, cancelled.signal)
      return { result: answers.map(fetchedFrame), parts: answers.flatMap(chunkBytes) }
    } finally {
      this.#fetches.delete(id)
    }
  }

  #join(member: number, group: string, topics: readonly string[]): Promise<void> {
    const membership = this.#engine.member(group, topics, {
      rebalancing: () => this.#say({ kind: 'rebalancing', member }),
      assigned: (generation, partitions) => this.#say({ kind: 'assigned', member, generation, partitions }),
      expelled: (reason) => this.#say({ kind: 'expelled', member, error: toWire(reason) }),
    })
    this.#members.set(member, membership)
    return membership.join()
  }

  #leave(member: number): Promise<void> {
    const membership = this.#member(member)
    this.#members.delete(member)
    return membership.leave()
  }

  #member(member: number): Membership {
    const found = this.#members.get(member)
    if (found !== undefined) return found
    throw new MillraceError('FENCED', 'Not a member of the group any more')
  }
}

function fetchedFrame({ topic, partition, from, next, chunks }: FetchAnswer): FetchedFrame {
  return { topic, partition, from, next, lasts: chunks.map(({ last }) => last) }
}

function chunkBytes({ chunks }: FetchAnswer): Buffer[] {
  return chunks.map(({ bytes }) => bytes)
}
