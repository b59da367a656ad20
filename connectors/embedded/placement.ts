import { PartitionChoice, type PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { recordSize } from '../../lib/broker/record-size.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { OutRecord } from '../../lib/record.ts'
import type { TopicDetails } from './connection.ts'
import type { Link } from './door/link.ts'

/** Gives records their partitions, and refuses what their topics do not take. */
export class Placement {
  readonly #link: Link
  readonly #choice = new PartitionChoice({ of: async (topic) => (await this.#details(topic)).partitions })
  /** Topics here never change. */
  readonly #topics = new Map<string, TopicDetails>()

  constructor(link: Link) {
    this.#link = link
  }

  /** Rejects with `MISSING` for a topic that is not there, `WRITE` for a record that it will never take. */
  async place(records: readonly OutRecord[]): Promise<PlacedRecord[]> {
    const placed = await this.#choice.place(records)
    for (const record of placed) requireWritable(record, this.#topics.get(record.topic)!)
    return placed
  }

  async #details(topic: string): Promise<TopicDetails> {
    const known = this.#topics.get(topic)
    if (known !== undefined) return known
    const [found] = await this.#link.ask((connection) => connection.topics([topic]))
    if (found === undefined) {
      throw new MillraceError('MISSING', `Topic ${topic} does not exist; \`millrace apply\` creates it`, {
        topic,
      })
    }
    this.#topics.set(topic, found)
    return found
  }
}

function requireWritable(record: OutRecord, { topic, maxMessageBytes, compacts }: TopicDetails): void {
  const size = recordSize(record)
  if (size > maxMessageBytes) {
    throw new MillraceError(
      'WRITE',
      `A record of ${size} bytes is too large for topic ${topic}: raise its max.message.bytes, or write smaller records`,
      { topic },
    )
  }
  if (compacts && record.key === null) {
    throw new MillraceError('WRITE', `Topic ${topic} is compacted: a record needs a key`, { topic })
  }
  if (!Number.isSafeInteger(record.timestamp)) {
    throw new MillraceError('WRITE', `A record for topic ${topic} has no whole number as its timestamp`, {
      topic,
    })
  }
}
