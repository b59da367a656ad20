import { MillraceError } from '../../../lib/errors.ts'

/** The part of kafkajs' consumer/runner that commits. */
export interface Runner {
  readonly running: boolean
  readonly consumerGroup: { commitOffsets(offsets: unknown): Promise<void> }
  commitOffsets(offsets: unknown): Promise<void>
}

/**
 * kafkajs resolves a commit that it did not make when the consumer is stopping, and retries a failed one under
 * whatever generation the group has by then. Here: one attempt, in the assignment of the moment, and no silence.
 */
export function repairCommit(prototype: Runner): void {
  prototype.commitOffsets = async function (this: Runner, offsets) {
    if (!this.running) {
      throw new MillraceError('FENCED', 'The consumer is not a member of its group any more')
    }
    await this.consumerGroup.commitOffsets(offsets)
  }
}
