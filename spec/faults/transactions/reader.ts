import type { Broker, BrokerConsumer, FetchedBatch } from '../../../lib/broker/broker.ts'
import { Collector } from '../../conformance/collector.ts'
import { numberIn, PARTITIONS } from './workload.ts'

/** Reads the target while it is written to, like every other group, and notes what stands at each offset. */
export class ConcurrentReader {
  readonly #consumer: BrokerConsumer
  readonly #seen = new Collector()
  readonly #numbers = Array.from({ length: PARTITIONS }, () => new Map<number, number>())
  /** Offsets, by partition. */
  readonly #newest = Array.from({ length: PARTITIONS }, () => -1)
  /** Of offsets that were delivered out of order, or again with another record. */
  readonly faults: string[] = []

  constructor(broker: Broker, topic: string, group: string) {
    this.#consumer = broker.consumer({ group, topics: [topic], startAt: 'earliest' })
    const note = this.#seen.batch.bind(this.#seen)
    this.#seen.batch = (batch) => {
      this.#take(batch)
      note({ ...batch, records: [] })
    }
  }

  async start(): Promise<void> {
    await this.#consumer.start(this.#seen)
  }

  /** Resolves when every partition has been read up to this record. */
  async until(last: number): Promise<void> {
    await this.#seen.until(() =>
      this.#numbers.every((numbers, partition) => numbers.get(this.#newest[partition]!) === last),
    )
    await this.#consumer.stop()
  }

  stop(): Promise<void> {
    return this.#consumer.stop()
  }

  /** By partition, in the order of offsets. */
  get numbers(): number[][] {
    return this.#numbers.map((numbers) => [...numbers.values()])
  }

  #take({ partition, records }: FetchedBatch): void {
    const numbers = this.#numbers[partition]!
    let newest = this.#newest[partition]!
    for (const record of records) {
      const before = numbers.get(record.offset)
      const number = numberIn(record)
      // Joining again, it is shown what it has not committed: all of it.
      if (before === undefined ? record.offset < newest : before !== number)
        this.faults.push(`${partition}/${record.offset}: ${number}, before ${before}, newest ${newest}`)
      numbers.set(record.offset, number)
      newest = Math.max(newest, record.offset)
    }
    this.#newest[partition] = newest
  }
}
