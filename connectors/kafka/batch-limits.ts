import { BATCH_BYTES, type ProduceRequest } from './requests.ts'

/** By how much batches shrink when the topic takes less than Kafka's default. */
export const SHRINK = 8

/** How large the batches of a topic may be, as far as its broker has shown. */
export class BatchLimits {
  readonly #byTopic = new Map<string, number>()

  of(records: Iterable<{ readonly topic: string }>): number {
    let least = BATCH_BYTES
    for (const { topic } of records) least = Math.min(least, this.#byTopic.get(topic) ?? BATCH_BYTES)
    return least
  }

  /** Some batch of this request was too large. */
  shrink({ records }: ProduceRequest): void {
    const smaller = Math.ceil(this.of(records) / SHRINK)
    for (const { topic } of records) this.#byTopic.set(topic, smaller)
  }
}
