import type { RawRecord } from '../record.ts'

/**
 * What waits for one task, by input topic. The next record is the one with the smallest timestamp among the heads, so
 * that co-partitioned inputs are worked off in the order of time as far as it is known. (PartitionGroup)
 */
export class InputQueues {
  readonly #queues = new Map<string, RawRecord[]>()

  add(record: RawRecord): void {
    const queue = this.#queues.get(record.topic)
    if (queue === undefined) this.#queues.set(record.topic, [record])
    else queue.push(record)
  }

  get empty(): boolean {
    return this.#earliest() === undefined
  }

  /** At most `limit` records. */
  take(limit: number): RawRecord[] {
    const taken: RawRecord[] = []
    while (taken.length < limit) {
      const queue = this.#earliest()
      if (queue === undefined) break
      taken.push(queue.shift()!)
    }
    return taken
  }

  #earliest(): RawRecord[] | undefined {
    let earliest: RawRecord[] | undefined
    for (const queue of this.#queues.values()) {
      if (queue.length === 0) continue
      if (earliest === undefined || queue[0]!.timestamp < earliest[0]!.timestamp) earliest = queue
    }
    return earliest
  }
}
