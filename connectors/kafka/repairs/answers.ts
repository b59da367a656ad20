import type { Socket } from 'node:net'

/** The part of kafkajs' network/connection that takes what a socket brings. */
export interface Answered {
  readonly socket: Socket | undefined
  readonly authHandlers: object | null
  readonly requestQueue: {
    fulfillRequest(answer: {
      readonly size: number
      readonly correlationId: number
      readonly payload: Buffer
    }): void
  }
  processData(data: Buffer): unknown
}

/** The length in front of an answer, and the number of the request in it. */
const INT = 4

/**
 * kafkajs keeps the chunks of an answer until it is whole, and then puts them together: an answer of some megabytes is
 * there twice, and is copied when its chunks have left the processor's cache. Here each chunk is copied to where it
 * belongs when it comes. While a connection authenticates, its own code goes on.
 */
export function repairAnswers(prototype: Answered): void {
  const { processData } = prototype
  /** Each socket begins with an answer. */
  const readers = new WeakMap<Socket, AnswerReader>()
  prototype.processData = function (this: Answered, data: Buffer) {
    const { socket } = this
    if (this.authHandlers !== null) return processData.call(this, data)
    // What a socket still brings that is given up answers nobody.
    if (socket === undefined) return
    let reader = readers.get(socket)
    if (reader === undefined) {
      reader = new AnswerReader((answer) => this.requestQueue.fulfillRequest(answer))
      readers.set(socket, reader)
    }
    try {
      reader.read(data)
    } catch (error) {
      socket.destroy(error as Error)
    }
  }
}

type Fulfil = Answered['requestQueue']['fulfillRequest']

class AnswerReader {
  readonly #fulfil: Fulfil
  readonly #head = Buffer.alloc(INT)
  #headFilled = 0
  /** Undefined until its length is known. */
  #answer: Buffer | undefined
  #filled = 0

  constructor(fulfil: Fulfil) {
    this.#fulfil = fulfil
  }

  /** Throws for bytes that are no answer of a Kafka broker. */
  read(data: Buffer): void {
    let rest = data
    while (rest.length > 0) rest = this.#answer === undefined ? this.#begin(rest) : this.#goOn(rest)
  }

  /** Returns what is behind. */
  #begin(data: Buffer): Buffer {
    const taken = data.copy(this.#head, this.#headFilled)
    this.#headFilled += taken
    if (this.#headFilled < INT) return data.subarray(taken)
    this.#headFilled = 0
    const size = this.#head.readInt32BE()
    if (size < INT) throw new Error(`no answer of a Kafka broker: ${size} bytes`)
    const end = taken + size
    if (data.length < end) {
      this.#answer = Buffer.allocUnsafeSlow(size)
      this.#filled = 0
      return data.subarray(taken)
    }
    this.#done(data.subarray(taken, end))
    return data.subarray(end)
  }

  #goOn(data: Buffer): Buffer {
    const answer = this.#answer!
    const taken = data.copy(answer, this.#filled)
    this.#filled += taken
    if (this.#filled === answer.length) {
      this.#answer = undefined
      this.#done(answer)
    }
    return data.subarray(taken)
  }

  #done(answer: Buffer): void {
    const correlationId = answer.readInt32BE()
    this.#fulfil({ size: answer.length, correlationId, payload: answer.subarray(INT) })
  }
}
