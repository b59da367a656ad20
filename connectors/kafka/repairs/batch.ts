import { type AbortedTransaction, filterAbortedMessages } from './abort-filter.ts'
import type { DecodedRecords } from './decode-messages.ts'
import type { DecodedRecord } from './record-batch.ts'

export interface PartitionData {
  readonly partition: number
  readonly highWatermark: string
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
  readonly messages: DecodedRecords
}

/**
 * kafkajs' consumer/batch: what one fetch brought for one partition. The stock one hides fetches without a visible
 * record from the handler and moves through compacted gaps one offset at a time; this one knows where it ends.
 */
export class Batch {
  readonly topic: string
  readonly partition: number
  readonly highWatermark: string
  readonly fetchedOffset: number
  /** Committed user records from `fetchedOffset` on. */
  readonly messages: readonly DecodedRecord[]
  /** The position after this fetch: beyond control records, aborted and compacted ones. */
  readonly next: number

  constructor(topic: string, fetchedOffset: string | number, data: PartitionData) {
    this.topic = topic
    this.partition = data.partition
    this.highWatermark = data.highWatermark
    this.fetchedOffset = Number(fetchedOffset)
    this.next = Math.max(this.fetchedOffset, data.messages.next)
    this.messages = filterAbortedMessages(data).filter(
      (record) => !record.isControlRecord && record.offset >= this.fetchedOffset,
    )
  }

  /** Nothing new: the handler is not called. */
  isEmpty(): boolean {
    return this.next === this.fetchedOffset
  }

  /** Would make kafkajs pass over the handler; ours has to learn of every move. */
  isEmptyDueToFiltering(): boolean {
    return false
  }

  firstOffset(): string | null {
    return this.isEmpty() ? null : String(this.fetchedOffset)
  }

  lastOffset(): string {
    return String(this.next - 1)
  }

  offsetLag(): string {
    return String(Number(this.highWatermark) - this.next)
  }

  offsetLagLow(): string {
    return String(Math.max(0, Number(this.highWatermark) - 1 - this.fetchedOffset))
  }
}
