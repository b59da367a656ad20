import { PartitionChoice, type PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { recordSize } from '../../lib/broker/record-size.ts'
import { WriteQueue } from '../../lib/broker/write-queue.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { BrokerProducer } from '../../lib/ports.ts'
import type { OutRecord } from '../../lib/record.ts'
import { requestsOf } from './append-requests.ts'
import type { TopicDetails } from './connection.ts'
import type { Link } from './door/link.ts'

/**
 * Writes records at-least-once: what was not acknowledged when the log's owner went away is sent again to the next
 * one, and may then be there twice. The records of one request are written all or not at all.
 */
export class EmbeddedProducer implements BrokerProducer {
  readonly #link: Link
  readonly #queue = new WriteQueue((records) => this.#write(records))
  readonly #choice = new PartitionChoice({ of: async (topic) => (await this.#details(topic)).partitions })
  /** Topics here never change. */
  readonly #topics = new Map<string, TopicDetails>()
  #closed = false

  constructor(link: Link) {
    this.#link = link
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    if (this.#closed) throw new MillraceError('INTERNAL', 'send() on a closed producer of the embedded log')
    if (records.length === 0) return
    const placed = await this.#choice.place(records)
    for (const record of placed) requireWritable(record, this.#topics.get(record.topic)!)
    await this.#queue.add(placed)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#queue.idle()
  }

  async #write(records: readonly PlacedRecord[]): Promise<void> {
    for (const chunks of requestsOf(records)) await this.#link.ask((connection) => connection.append(chunks))
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
