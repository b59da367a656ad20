import { type KafkaOptions, startKafka } from '../../services/kafka.ts'
import { freePorts, loopback } from '../../services/ports.ts'
import type { RunningServer } from '../../services/server.ts'
import { KafkaProxy } from './kafka-proxy.ts'
import { makeServersDirectory, stopSpecServers } from './spec-servers.ts'

/** A broker of a spec's own, which every client comes to through a proxy. */
export class ProxiedKafka {
  readonly proxy = new KafkaProxy()
  #options: (KafkaOptions & { readonly dir: string }) | undefined
  #running: RunningServer | undefined

  get address(): string {
    return this.proxy.address
  }

  /** `minSession`: the shortest session time-out that a group may ask for, milliseconds. */
  async start(minSession: number): Promise<void> {
    await this.proxy.listen()
    const [port, internalPort] = await freePorts(2)
    const settings = {
      'advertised.listeners': `PLAINTEXT://${this.proxy.address}`,
      'group.min.session.timeout.ms': minSession,
    }
    this.#options = { dir: await makeServersDirectory(), port, internalPort, settings }
    await this.restart()
    this.proxy.forwardTo(`${loopback}:${port}`)
  }

  async restart(): Promise<void> {
    this.#running = await startKafka(this.#options!)
  }

  stop(): Promise<void> {
    return this.#running!.stop()
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.#running!.kill()
  }

  async clear(): Promise<void> {
    if (this.#options !== undefined) await stopSpecServers(this.#options.dir)
    await this.proxy.close()
  }
}
