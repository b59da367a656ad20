import type { BrokerAdmin } from '../../lib/broker/broker.ts'
import type { PartitionCounts } from '../../lib/broker/partition-choice.ts'
import { MillraceError } from '../../lib/errors.ts'

interface Known {
  readonly partitions: number
  readonly until: number
}

/** How many partitions a topic has, as known for at most `maxAgeMs`. Rejects with `MISSING` for a topic that is not there. */
export class CachedPartitionCounts implements PartitionCounts {
  readonly #admin: BrokerAdmin
  readonly #maxAgeMs: number
  readonly #known = new Map<string, Known>()

  constructor(admin: BrokerAdmin, maxAgeMs: number) {
    this.#admin = admin
    this.#maxAgeMs = maxAgeMs
  }

  /** Asks the broker again where `atLeast` says that what is known must be old. */
  async of(topic: string, atLeast = 0): Promise<number> {
    const known = this.#known.get(topic)
    if (known !== undefined && known.until > Date.now() && known.partitions >= atLeast)
      return known.partitions
    const [found] = await this.#admin.topics([topic])
    if (found === undefined) {
      throw new MillraceError('MISSING', `Topic ${topic} does not exist; \`millrace apply\` creates it`, {
        topic,
      })
    }
    this.#known.set(topic, { partitions: found.partitions, until: Date.now() + this.#maxAgeMs })
    return found.partitions
  }
}
