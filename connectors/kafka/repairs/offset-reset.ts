import { MillraceError } from '../../../lib/errors.ts'
import type { TopicPartition } from '../../../lib/record.ts'

/** The part of kafkajs' consumer/offsetManager that resets positions. */
export interface OffsetManager {
  setDefaultOffset(partition: TopicPartition): Promise<void>
}

/**
 * When the broker no longer has the wanted offset, kafkajs commits -2 (or -1) for the group and goes on from the
 * earliest (or latest) record, without a word: what lies between is lost. Here the consumer ends with `DATA_LOSS`.
 */
export function repairOffsetReset(prototype: OffsetManager): void {
  prototype.setDefaultOffset = async ({ topic, partition }) => {
    throw new MillraceError(
      'DATA_LOSS',
      `${topic}/${partition}: Kafka no longer holds the offset to be read next (retention, deletion, or the topic ` +
        'was recreated). Reset the position of the group by hand to go on without the missing records.',
      { topic, partition },
    )
  }
}
