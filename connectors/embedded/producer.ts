import { MillraceError } from '../../lib/errors.ts'
import type { BrokerProducer } from '../../lib/ports.ts'
import type { OutRecord } from '../../lib/record.ts'
import { requestsOf } from './append-requests.ts'
import type { TopicDetails } from './connection.ts'
import type { Link } from './door/link.ts'
import { recordSize } from './log/record-size.ts'
import { PartitionChoice } from './partition-choice.ts'

/**
 * Writes records at-least-once: what was not acknowledged when the log's owner went away is sent again to the next
 * one, and may then be there twice. The records of one request are written all or not at all.
 */
export class EmbeddedProducer implements BrokerProducer {
  readonly #link: Link
  readonly #choice = new PartitionChoice()
  /** A topic never changes. */
  readonly #topics = new Map<string, TopicDetails>()
  readonly #sending = new Set<Promise<void>>()
  #closed = false

  constructor(link: Link) {
    this.#link = link
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    if (this.#closed) throw new MillraceError('INTERNAL', 'send() on a closed producer of the embedded log')
    if (records.length === 0) return
    const sending = this.#send(records)
    this.#sending.add(sending)
    try {
      await sending
    } finally {
      this.#sending.delete(sending)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#sending)
  }

  async #send(records: readonly OutRecord[]): Promise<void> {
    await this.#learn(new Set(records.map(({ topic }) => topic)))
    const placed = records.map((record) => {
      const topic = this.#topics.get(record.topic)!
      requireWritable(record, topic)
      return { ...record, partition: this.#choice.of(record, topic) }
    })
    for (const chunks of requestsOf(placed)) await this.#link.ask((connection) => connection.append(chunks))
  }

  async #learn(topics: ReadonlySet<string>): Promise<void> {
    const unknown = [...topics].filter((topic) => !this.#topics.has(topic))
    if (unknown.length === 0) return
    const found = await this.#link.ask((connection) => connection.topics(unknown))
    for (const details of found) this.#topics.set(details.topic, details)
    const missing = unknown.find((topic) => !this.#topics.has(topic))
    if (missing === undefined) return
    throw new MillraceError('WRITE', `Topic ${missing} does not exist; \`millrace apply\` creates it`, {
      topic: missing,
    })
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
