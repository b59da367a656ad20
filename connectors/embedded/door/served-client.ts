import type { Socket } from 'node:net'
import type { FetchAnswer, FetchAsk } from '../connection.ts'
import type { Engine } from '../engine.ts'
import type { EmbeddedTiming } from '../options.ts'
import { encodeFrame, type Frame, FrameReader } from './frames.ts'
import { type Answer, type FetchedFrame, type Numbered, type Request, toWire } from './messages.ts'
import { type PlainRequest, ServedRequests } from './served-requests.ts'

export interface ServedClientOptions {
  /** As a greeting names it. */
  readonly dir: string
  readonly timing: EmbeddedTiming
}

interface Reply {
  readonly result: unknown
  readonly parts: readonly Buffer[]
}

/** Beyond this much of its own unwritten, in the log or on the socket, no more is read from a client, or for it. */
const CREDIT_BYTES = 16 * 1024 * 1024

/** One process at the other end of the socket. Its requests run side by side; what it sent first is begun first. */
export class ServedClient {
  readonly #engine: Engine
  readonly #socket: Socket
  readonly #requests: ServedRequests
  readonly #reader = new FrameReader<Numbered<Request>>()
  readonly #fetches = new Map<number, AbortController>()
  readonly #watch: NodeJS.Timeout
  /** Counted, not timed: a machine that slept must not take everyone for dead. */
  #silentTicks = 0
  /** Of records, not yet in the log. */
  #unwritten = 0
  /** The answering of fetches, one after another. */
  #turn: Promise<void> = Promise.resolve()
  /** Resolves when the client has taken what was written, or is gone. */
  #taken = Promise.withResolvers<void>()

  constructor(engine: Engine, socket: Socket, { dir, timing }: ServedClientOptions) {
    this.#engine = engine
    this.#socket = socket
    this.#requests = new ServedRequests(engine, dir, (event) => this.#say(event))
    const ticks = Math.ceil(timing.session / timing.heartbeat)
    this.#watch = setInterval(() => {
      this.#say({ kind: 'beat' })
      // A client that we do not listen to is not silent.
      if (!socket.isPaused() && ++this.#silentTicks > ticks) socket.destroy()
    }, timing.heartbeat)
    this.#watch.unref()
    socket.on('data', (data) => this.#read(data))
    socket.on('drain', () => this.#drained())
    // What follows is `close`.
    socket.on('error', () => {})
  }

  /** The process has ended, or does not want to be a client any more. */
  gone(): void {
    clearInterval(this.#watch)
    for (const fetch of this.#fetches.values()) fetch.abort()
    this.#requests.end()
    this.#taken.resolve()
  }

  #read(data: Buffer): void {
    this.#silentTicks = 0
    try {
      for (const frame of this.#reader.read(data)) this.#begin(frame)
    } catch {
      this.#socket.destroy()
    }
    this.#flow()
  }

  #begin({ message, parts }: Frame<Numbered<Request>>): void {
    if (message.op === 'fetch') void this.#fetch(message.id, message.asks)
    else if (message.op === 'cancel') this.#fetches.get(message.fetch)?.abort()
    else void this.#serve(message.id, () => this.#answer(message, parts))
  }

  async #answer(request: PlainRequest, parts: readonly Buffer[]): Promise<Reply> {
    const bytes = parts.reduce((sum, { length }) => sum + length, 0)
    this.#unwritten += bytes
    try {
      return { result: await this.#requests.answer(request, parts), parts: [] }
    } finally {
      this.#unwritten -= bytes
    }
  }

  async #serve(id: number, work: () => Promise<Reply>): Promise<void> {
    try {
      const { result, parts } = await work()
      this.#say({ kind: 'result', id, result }, parts)
    } catch (error) {
      this.#say({ kind: 'error', id, error: toWire(error) })
    }
    this.#flow()
  }

  async #fetch(id: number, asks: readonly FetchAsk[]): Promise<void> {
    const cancelled = new AbortController()
    this.#fetches.set(id, cancelled)
    const available = this.#engine.available(asks, cancelled.signal)
    await Promise.allSettled([available])
    this.#fetches.delete(id)
    this.#turn = this.#turn.then(() => this.#answerFetch(id, asks, available))
  }

  /** One at a time, and when the client has taken what was read before: it may ask for any number at once. */
  async #answerFetch(id: number, asks: readonly FetchAsk[], available: Promise<boolean>): Promise<void> {
    while (this.#isFull() && !this.#socket.destroyed) await this.#taken.promise
    await this.#serve(id, async () => {
      const answers = (await available) ? await this.#engine.read(asks) : []
      return { result: answers.map(fetchedFrame), parts: answers.flatMap(chunkBytes) }
    })
  }

  #say(message: Answer, parts: readonly Buffer[] = []): void {
    if (this.#socket.destroyed) return
    this.#socket.cork()
    for (const piece of encodeFrame({ message, parts })) this.#socket.write(piece)
    this.#socket.uncork()
  }

  #isFull(): boolean {
    return this.#socket.writableLength > CREDIT_BYTES
  }

  #drained(): void {
    this.#taken.resolve()
    this.#taken = Promise.withResolvers()
    this.#flow()
  }

  #flow(): void {
    const full = this.#isFull() || this.#unwritten > CREDIT_BYTES
    if (full === this.#socket.isPaused()) return
    if (full) this.#socket.pause()
    else this.#socket.resume()
  }
}

function fetchedFrame({ topic, partition, from, next, chunks }: FetchAnswer): FetchedFrame {
  return { topic, partition, from, next, lasts: chunks.map(({ last }) => last) }
}

function chunkBytes({ chunks }: FetchAnswer): Buffer[] {
  return chunks.map(({ bytes }) => bytes)
}
