import type { Socket } from 'node:net'
import { MillraceError } from '../../../lib/errors.ts'
import type { EmbeddedTiming } from '../options.ts'
import { encodeFrame, type Frame, FrameReader } from './frames.ts'
import { type Answer, fromWire, type Request } from './messages.ts'

export type MemberEvent = Exclude<Answer, { kind: 'result' | 'error' | 'beat' }>

interface Asked {
  readonly id: number
  /** What was answered, with the parts that came along. */
  readonly answer: Promise<Frame<unknown>>
}

/** Beyond this much unsent, requests wait. */
const CREDIT_BYTES = 16 * 1024 * 1024

/** Requests and their answers on a socket, side by side; and the beat that says we live. */
export class RequestSocket {
  readonly #socket: Socket
  readonly #reader = new FrameReader<Answer>()
  readonly #event: (event: MemberEvent) => void
  readonly #waiting = new Map<number, PromiseWithResolvers<Frame<unknown>>>()
  readonly #lost = new AbortController()
  readonly #beat: NodeJS.Timeout
  /** Resolves when there is room on the socket. */
  #room: PromiseWithResolvers<void> | undefined
  #lastId = 0
  #silentBeats = 0

  constructor(socket: Socket, timing: EmbeddedTiming, event: (event: MemberEvent) => void) {
    this.#socket = socket
    this.#event = event
    this.#beat = setInterval(() => this.#alive(timing), timing.heartbeat)
    this.#beat.unref()
    socket.on('data', (data) => this.#read(data))
    socket.on('drain', () => this.#drained())
    // What follows is `close`.
    socket.on('error', () => {})
    socket.on('close', () => this.close(gone()))
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** The answer rejects with what the owner's process says, or `UNREACHABLE` when it is gone. */
  send(request: Request, parts: readonly Buffer[] = []): Asked {
    const id = ++this.#lastId
    const waiting = Promise.withResolvers<Frame<unknown>>()
    if (this.#lost.signal.aborted) {
      waiting.reject(this.#lost.signal.reason)
      return { id, answer: waiting.promise }
    }
    this.#waiting.set(id, waiting)
    if (parts.length === 0) this.#write({ ...request, id }, parts)
    else void this.#writeWhenRoom({ ...request, id }, parts)
    return { id, answer: waiting.promise }
  }

  close(reason: Error): void {
    if (this.#lost.signal.aborted) return
    clearInterval(this.#beat)
    this.#lost.abort(reason)
    this.#socket.destroy()
    this.#drained()
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }

  async #writeWhenRoom(message: object, parts: readonly Buffer[]): Promise<void> {
    while (this.#room !== undefined) await this.#room.promise
    this.#write(message, parts)
  }

  #write(message: object, parts: readonly Buffer[]): void {
    if (this.#socket.destroyed) return
    this.#socket.cork()
    for (const piece of encodeFrame({ message, parts })) this.#socket.write(piece)
    this.#socket.uncork()
    if (this.#socket.writableLength > CREDIT_BYTES) this.#room ??= Promise.withResolvers()
  }

  #drained(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  #alive({ session, heartbeat }: EmbeddedTiming): void {
    if (++this.#silentBeats > Math.ceil(session / heartbeat)) this.close(silent(session))
    else this.send({ op: 'beat' }).answer.catch(() => {})
  }

  #read(data: Buffer): void {
    this.#silentBeats = 0
    try {
      for (const { message, parts } of this.#reader.read(data)) this.#take(message, parts)
    } catch (error) {
      this.close(error instanceof Error ? error : gone())
    }
  }

  #take(answer: Answer, parts: readonly Buffer[]): void {
    if (answer.kind === 'result') this.#settle(answer.id)?.resolve({ message: answer.result, parts })
    else if (answer.kind === 'error') this.#settle(answer.id)?.reject(fromWire(answer.error))
    else if (answer.kind !== 'beat') this.#event(answer)
  }

  #settle(id: number): PromiseWithResolvers<Frame<unknown>> | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}

function gone(): MillraceError {
  return new MillraceError('UNREACHABLE', 'The process that owned the embedded log is gone')
}

function silent(milliseconds: number): MillraceError {
  return new MillraceError(
    'UNREACHABLE',
    `The process that owns the embedded log said nothing for ${milliseconds / 1000} s`,
  )
}
