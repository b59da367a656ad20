import type { RawRecord } from '../record.ts'

/**
 * What waits for one task, by input topic. The next record is the one with the smallest timestamp among the heads, so
 * that co-partitioned inputs are worked off in the order of time as far as it is known. (PartitionGroup)
 */
export class InputQueues {
  readonly #queues = new Map<string, Queue>()

  add(record: RawRecord): void {
    const queue = this.#queues.get(record.topic)
    if (queue === undefined) this.#queues.set(record.topic, { records: [record], next: 0 })
    else queue.records.push(record)
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
      taken.push(queue.records[queue.next++]!)
      if (queue.next < queue.records.length) continue
      queue.records = []
      queue.next = 0
    }
    return taken
  }

  #earliest(): Queue | undefined {
    let earliest: Queue | undefined
    for (const queue of this.#queues.values()) {
      if (queue.records.length === 0) continue
      if (earliest === undefined || headOf(queue).timestamp < headOf(earliest).timestamp) earliest = queue
    }
    return earliest
  }
}

/** Read from the front by index: taking the first off an array costs its length. */
interface Queue {
  records: RawRecord[]
  next: number
}

function headOf({ records, next }: Queue): RawRecord {
  return records[next]!
}
