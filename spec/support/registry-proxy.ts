import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts, loopback } from '../../services/ports.ts'
import { servers } from './servers.ts'

export type RegistryState = 'up' | 'refuses' | 'fails' | 'hangs' | 'slow'

const SLOW_MS = 2_000

/** A door in front of the real registry that can be shut: no listener, answers 503, no answer at all, or late. */
export class RegistryProxy {
  /** Requests that came while it was not up. */
  turnedAway = 0
  #state: RegistryState = 'up'
  #server: Server | undefined
  /** Not from the range of outgoing connections, one of which might have it when the door opens again. */
  #port: number | undefined

  get url(): string {
    return `http://127.0.0.1:${this.#port}${new URL(servers().registryUrl).pathname}`
  }

  async become(state: RegistryState): Promise<void> {
    this.#state = state
    this.turnedAway = 0
    if (state === 'refuses') await this.#close()
    else if (this.#server === undefined) await this.#listen()
  }

  async close(): Promise<void> {
    await this.#close()
  }

  async #listen(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response))
    this.#port ??= (await freePorts(1))[0]!
    await once(server.listen(this.#port, loopback), 'listening')
    this.#server = server
  }

  async #close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#state !== 'up') this.turnedAway++
    if (this.#state === 'hangs') return
    if (this.#state === 'fails') {
      response.writeHead(503, { 'content-type': 'text/plain' }).end('upstream is away')
      return
    }
    if (this.#state === 'slow') await delay(SLOW_MS)
    const body = await text(request)
    const answer = await fetch(new URL(request.url!, servers().registryUrl), {
      method: request.method!,
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(body === '' ? {} : { body }),
    })
    const type = answer.headers.get('content-type') ?? 'application/json'
    response.writeHead(answer.status, { 'content-type': type }).end(await answer.text())
  }
}
