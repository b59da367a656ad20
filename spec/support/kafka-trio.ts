import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KafkaOptions, startKafka } from '../../services/kafka.ts'
import { freePorts, loopback } from '../../services/ports.ts'
import type { RunningServer } from '../../services/server.ts'
import { kafkaTool } from './kafka-tool.ts'
import { makeServersDirectory, stopSpecServers } from './spec-servers.ts'
import { until } from './until.ts'

const NODES = [1, 2, 3]

/** Three nodes, each broker and controller: every partition on all of them, and two are enough. */
export class KafkaTrio {
  readonly #options: (KafkaOptions & { readonly dir: string })[] = []
  readonly #running = new Map<number, RunningServer>()
  #bounced = 0
  #forgotten = 0
  #returning: Promise<void> = Promise.resolve()
  #root: string | undefined

  /** Of all three. */
  get address(): string {
    return this.#options.map(({ port }) => `${loopback}:${port}`).join(',')
  }

  async start(): Promise<void> {
    const ports = await freePorts(2 * NODES.length)
    const clusterId = randomBytes(16).toString('base64url').replace(/^-/, '_')
    this.#root = await makeServersDirectory()
    const voters = NODES.map((id, i) => `${id}@${loopback}:${ports[2 * i + 1]}`).join(',')
    for (const [i, id] of NODES.entries()) {
      this.#options.push({
        dir: join(this.#root, String(id)),
        port: ports[2 * i],
        internalPort: ports[2 * i + 1],
        clusterId,
        maxHeapMegabytes: 384,
        settings: {
          'node.id': id,
          'controller.quorum.voters': voters,
          'default.replication.factor': 3,
          'min.insync.replicas': 2,
          'offsets.topic.replication.factor': 3,
          'transaction.state.log.replication.factor': 3,
          'transaction.state.log.min.isr': 2,
          'share.coordinator.state.topic.replication.factor': 3,
          'share.coordinator.state.topic.min.isr': 2,
          // Kafka's own: a busy machine is not to look like a dead broker.
          'broker.session.timeout.ms': 9000,
          'broker.heartbeat.interval.ms': 1000,
        },
      })
    }
    await Promise.all(NODES.map((id) => this.restart(id)))
  }

  async restart(id: number): Promise<void> {
    this.#running.set(id, await startKafka(this.#options[id - 1]!))
  }

  /** In order: it hands over what it leads before it ends. */
  async stop(id: number): Promise<void> {
    await this.#running.get(id)!.stop()
    this.#forgotten += this.#forgottenBy(id)
  }

  /** kill -9. */
  async kill(id: number): Promise<void> {
    await this.#running.get(id)!.kill()
    this.#forgotten += this.#forgottenBy(id)
  }

  /**
   * Ends of transactions that Kafka has acknowledged and then not written: 4.3.1 takes partitions without a leader at
   * the moment for deleted ones. No client can make up for that.
   */
  get forgotten(): number {
    return NODES.reduce((sum, id) => sum + this.#forgottenBy(id), this.#forgotten)
  }

  /** kill -9 of one after the other, which is then on its way back. */
  async bounce(): Promise<void> {
    const id = NODES[this.#bounced++ % NODES.length]!
    await this.kill(id)
    this.#returning = this.restart(id)
    this.#returning.catch(() => {})
  }

  /** Resolves when every partition is on all three again, says Kafka's own tool. */
  async whole(): Promise<void> {
    await this.#returning
    await until('all replicas are in sync', async () => {
      const lacking = ['--describe', '--under-replicated-partitions']
      return (await kafkaTool('TopicCommand', ['--bootstrap-server', this.address, ...lacking])).trim() === ''
    })
  }

  #forgottenBy(id: number): number {
    const log = join(this.#options[id - 1]!.dir, 'kafka', 'server.log')
    if (!existsSync(log)) return 0
    return readFileSync(log, 'utf8').split("Couldn't find leader endpoint for partitions").length - 1
  }

  async clear(): Promise<void> {
    await this.#returning.catch(() => {})
    await Promise.all(this.#options.map(({ dir }) => stopSpecServers(dir)))
  }
}
