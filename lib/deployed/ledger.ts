import type { Broker } from '../broker/broker.ts'
import { MillraceError } from '../errors.ts'
import type { Resource } from '../ports.ts'
import { NO_HEADERS, type OutRecord } from '../record.ts'
import { topicResource } from '../runtime/resources.ts'

/** What is known of applications beside their data: one compacted topic for all of a broker. */
export const LEDGER = 'millrace.deployed'

const SPEC = {
  topic: LEDGER,
  partitions: 1,
  config: { 'cleanup.policy': 'compact', 'retention.ms': '-1' },
} as const

export interface Entry<T> {
  readonly name: string
  readonly value: T
}

/**
 * Small facts that outlive processes: what is deployed, how far a replay is, what is being promoted. The last one
 * written under a kind, an application and a name stands. Nothing here guards against two writers at once: who needs
 * one at a time reads again behind its own write.
 */
export class Ledger {
  readonly #broker: Broker

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** What `apply` creates. */
  static resource(broker: Broker): Resource {
    return topicResource(SPEC, broker)
  }

  /** Whether `apply` has made it. */
  async exists(): Promise<boolean> {
    return (await this.#broker.admin.topics([LEDGER])).length > 0
  }

  /** @throws MillraceError `MISSING` before the first `apply`. */
  async require(): Promise<void> {
    if (await this.exists()) return
    throw new MillraceError('MISSING', `topic ${LEDGER} is not there yet; \`millrace apply\` creates it`)
  }

  async read<T>(kind: string, application: string, name = ''): Promise<T | undefined> {
    return (await this.list<T>(kind, application)).find((entry) => entry.name === name)?.value
  }

  /** All of a kind, in the order in which they were first written; none where there is no ledger. */
  async list<T>(kind: string, application: string): Promise<readonly Entry<T>[]> {
    const found = new Map<string, T>()
    if (!(await this.exists())) return []
    const [range] = await this.#broker.admin.offsets(LEDGER)
    const ranges = [{ topic: LEDGER, partition: 0, from: range!.earliest, to: range!.end }]
    for await (const { records } of this.#broker.read(range!.end > range!.earliest ? ranges : [])) {
      for (const { key, value } of records) {
        const [ofKind, of, name] = JSON.parse(String(key)) as [string, string, string]
        if (ofKind !== kind || of !== application) continue
        if (value === null) found.delete(name)
        else found.set(name, JSON.parse(String(value)) as T)
      }
    }
    return [...found].map(([name, value]) => ({ name, value }))
  }

  /** Resolves when it is durable. `null` forgets. */
  async write<T>(kind: string, application: string, value: T | null, name = ''): Promise<void> {
    await this.require()
    const producer = await this.#broker.producer({ clientId: 'millrace-ledger' })
    try {
      await producer.send([ledgerRecord(kind, application, value, name)])
    } finally {
      await producer.close()
    }
  }
}

/** What `write` writes: for who writes it in a transaction of its own, with what it speaks of. */
export function ledgerRecord<T>(kind: string, application: string, value: T | null, name = ''): OutRecord {
  const key = Buffer.from(JSON.stringify([kind, application, name]))
  const bytes = value === null ? null : Buffer.from(JSON.stringify(value))
  return { topic: LEDGER, partition: 0, key, value: bytes, timestamp: Date.now(), headers: NO_HEADERS }
}
