import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Kinds of requests, by their keys in Kafka's protocol. */
export const PRODUCE = 0
export const ADD_OFFSETS_TO_TXN = 25
export const END_TXN = 26

/** A message that is held back: its connection is silent until it is passed on, or cut off. */
export interface Held {
  pass(): void
  cut(): void
}

interface Trap {
  readonly key: number
  readonly what: 'request' | 'answer'
  readonly sprung: (held: Held) => void
}

/** The length in front of each message. */
const LENGTH_SIZE = 4
/** In a request: behind the kind and its version. */
const CORRELATION_AT = LENGTH_SIZE + 4

/** Stands in front of a Kafka, which has to give this as its own address, and holds back requests or answers. */
export class KafkaProxy {
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#forward(socket))
  readonly #traps: Trap[] = []
  #to: string | undefined

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  /** Whoever comes before is turned away. */
  forwardTo(address: string): void {
    this.#to = address
  }

  /** Holds back the next request of this kind, or the answer to it. */
  hold(what: Trap['what'], key: number): Promise<Held> {
    return new Promise((sprung) => this.#traps.push({ key, what, sprung }))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #forward(client: Socket): void {
    if (this.#to === undefined) return void client.destroy()
    const [host, port] = this.#to.split(':')
    const broker = connect(Number(port), host)
    this.#join(client, broker)
    this.#join(broker, client)
    /** Of answers to be held back, by what they are known by. */
    const awaited = new Map<number, Trap>()
    onMessage(client, (message) => {
      const trap = this.#trapFor(message.readInt16BE(LENGTH_SIZE))
      if (trap?.what === 'answer') awaited.set(message.readInt32BE(CORRELATION_AT), trap)
      if (trap?.what === 'request') trap.sprung(heldBack(client, broker, message))
      else broker.write(message)
    })
    onMessage(broker, (message) => {
      const trap = awaited.get(message.readInt32BE(LENGTH_SIZE))
      if (trap === undefined) client.write(message)
      else trap.sprung(heldBack(broker, client, message))
    })
  }

  #join(one: Socket, other: Socket): void {
    this.#sockets.add(one)
    one.on('error', () => {})
    one.on('close', () => {
      this.#sockets.delete(one)
      other.destroy()
    })
  }

  #trapFor(key: number): Trap | undefined {
    const found = this.#traps.findIndex((trap) => trap.key === key)
    return found < 0 ? undefined : this.#traps.splice(found, 1)[0]
  }
}

function heldBack(from: Socket, to: Socket, message: Buffer): Held {
  from.pause()
  return {
    pass() {
      to.write(message)
      from.resume()
    },
    cut() {
      from.destroy()
    },
  }
}

/** Calls for each whole message, its length included. */
function onMessage(socket: Socket, take: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    while (rest.length >= LENGTH_SIZE && rest.length >= LENGTH_SIZE + rest.readInt32BE(0)) {
      const size = LENGTH_SIZE + rest.readInt32BE(0)
      take(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
  })
}
