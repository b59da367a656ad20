import type { BrokerProducer } from '../../lib/broker/broker.ts'
import type { PlacedRecord } from '../../lib/broker/partition-choice.ts'
import { WriteQueue } from '../../lib/broker/write-queue.ts'
import { MillraceError } from '../../lib/errors.ts'
import type { OutRecord } from '../../lib/record.ts'
import { requestsOf } from './append-requests.ts'
import type { Link } from './door/link.ts'
import { Placement } from './placement.ts'

/**
 * Writes records at-least-once: what was not acknowledged when the log's owner went away is sent again to the next
 * one, and may then be there twice. The records of one request are written all or not at all.
 */
export class EmbeddedProducer implements BrokerProducer {
  readonly #link: Link
  readonly #placement: Placement
  readonly #queue = new WriteQueue((records) => this.#write(records))
  #closed = false

  constructor(link: Link) {
    this.#link = link
    this.#placement = new Placement(link)
  }

  async send(records: readonly OutRecord[]): Promise<void> {
    if (this.#closed) throw new MillraceError('INTERNAL', 'send() on a closed producer of the embedded log')
    if (records.length === 0) return
    await this.#queue.add(await this.#placement.place(records))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#queue.idle()
  }

  async #write(records: readonly PlacedRecord[]): Promise<void> {
    for (const chunks of requestsOf(records)) await this.#link.ask((connection) => connection.append(chunks))
  }
}
