import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Forwards connections to a real server until it goes silent: then it takes bytes and passes none on. */
export class TcpProxy {
  readonly #to: string
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#forward(socket))
  readonly #connected = Promise.withResolvers<void>()
  #silent = false
  #deaf = false
  #late = 0
  #swallowed = 0

  constructor(to: string) {
    this.#to = to
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when somebody has connected. */
  get connected(): Promise<void> {
    return this.#connected.promise
  }

  /** Bytes that came since it went silent. */
  get swallowed(): number {
    return this.#swallowed
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  silence(): void {
    this.#silent = true
  }

  /** What clients say goes on, and what the server answers is lost. */
  loseReplies(): void {
    this.#deaf = true
  }

  /** What the server answers comes so many milliseconds later, in order. */
  delayReplies(milliseconds: number): void {
    this.#late = milliseconds
  }

  /** Ends all connections; those made from now on are forwarded both ways. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#silent = false
    this.#deaf = false
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #forward(client: Socket): void {
    const [host, port] = this.#to.split(':')
    const server = connect(Number(port), host)
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (bytes) => {
        if (this.#silent || (this.#deaf && from === server)) this.#swallowed += bytes.length
        else if (from === server && this.#late > 0) setTimeout(() => to.write(bytes), this.#late)
        else to.write(bytes)
      })
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
    this.#connected.resolve()
  }
}
