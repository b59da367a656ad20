import { startKafka } from '../../services/kafka.ts'
import { freePorts, loopback } from '../../services/ports.ts'
import { KafkaProxy } from './kafka-proxy.ts'
import { makeServersDirectory, stopSpecServers } from './spec-servers.ts'

/** A broker of a spec's own, which every client comes to through a proxy. */
export class ProxiedKafka {
  readonly proxy = new KafkaProxy()
  #dir: string | undefined

  get address(): string {
    return this.proxy.address
  }

  /** `minSession`: the shortest session time-out that a group may ask for, milliseconds. */
  async start(minSession: number): Promise<void> {
    await this.proxy.listen()
    const [port, internalPort] = await freePorts(2)
    this.#dir = await makeServersDirectory()
    const settings = {
      'advertised.listeners': `PLAINTEXT://${this.proxy.address}`,
      'group.min.session.timeout.ms': minSession,
    }
    await startKafka({ dir: this.#dir, port, internalPort, settings })
    this.proxy.forwardTo(`${loopback}:${port}`)
  }

  async clear(): Promise<void> {
    if (this.#dir !== undefined) await stopSpecServers(this.#dir)
    await this.proxy.close()
  }
}
