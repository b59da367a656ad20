import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { startWorker, type Topology } from '../../lib/index.ts'
import { SILENT } from '../../lib/log.ts'
import type { OutRecord } from '../../lib/record.ts'
import { createShadow } from '../../lib/replay/create-shadow.ts'
import { shadowApplication, shadowOf } from '../../lib/replay/shadow.ts'
import type { NamedShadow } from '../../lib/replay/shadow-record.ts'
import type { Environment } from '../../lib/runtime/environment.ts'
import { applyTopology } from '../support/environment.ts'

/** An embedded log, and topologies that run on it beside their shadows. */
export class Stage {
  readonly broker: Broker
  readonly environment: Environment
  readonly dir: string

  private constructor(broker: Broker, dir: string) {
    this.broker = broker
    this.dir = dir
    this.environment = { broker, sinks: {}, lookups: {}, log: SILENT }
  }

  static async open(): Promise<Stage> {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
    return new Stage(await openEmbeddedBroker({ dir: join(dir, 'log') }), dir)
  }

  get stateDir(): string {
    return join(this.dir, 'state')
  }

  /** JSON values by key, a millisecond apart from the first. */
  async produce(
    topic: string,
    values: readonly (readonly [key: string | null, value: unknown, timestamp?: number])[],
  ): Promise<void> {
    const producer = await this.broker.producer({})
    await producer.send(
      values.map(([key, value, timestamp = 1_700_000_000_000], n): OutRecord => {
        return {
          topic,
          key: key === null ? null : Buffer.from(key),
          ...(key === null && { partition: 0 }),
          value: value === null ? null : Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)),
          timestamp: timestamp + n,
          headers: [['nth', Buffer.from(String(n))]],
        }
      }),
    )
    await producer.close()
  }

  shadow(topology: Topology, name: string): NamedShadow {
    return { topology, application: topology.name, name, environment: this.environment }
  }

  /** Applied, and run to the end of its inputs. */
  async run(topology: Topology): Promise<void> {
    await applyTopology(topology, this.environment)
    await this.#run(topology, topology.name)
  }

  /** Created, and run to the end of its inputs. */
  async runShadow(topology: Topology, name: string): Promise<void> {
    await createShadow(this.shadow(topology, name))
    await this.#run(shadowOf(topology, name), shadowApplication(topology.name, name))
  }

  async #run(topology: Topology, application: string): Promise<void> {
    const { environment, stateDir } = this
    const options = { topology, application, environment, stateDir, untilCaughtUp: true, idleAfter: 0 }
    await startWorker(options).then(({ done }) => done)
  }

  async close(): Promise<void> {
    await this.broker.close()
    rmSync(this.dir, { recursive: true })
  }
}
