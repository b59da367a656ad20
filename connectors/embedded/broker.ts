/** A durable log on disk behind the broker port, for many processes of one machine. */
import type { Broker } from '../../lib/broker/broker.ts'
import { embeddedAdmin, embeddedUpkeep } from './admin.ts'
import { EmbeddedConsumer } from './consumer.ts'
import { Link } from './door/link.ts'
import { type EmbeddedBrokerOptions, embeddedSettings } from './options.ts'
import { EmbeddedProducer } from './producer.ts'
import { readRanges } from './reader.ts'
import { openTransactions } from './transactions.ts'

export type EmbeddedBroker = Broker

/**
 * Opens the log in a folder, or connects to the process that has it open. When that process ends, one of those that
 * are connected takes the log over and the others find it: consumers join again from their committed positions,
 * producers send again what was not acknowledged (at least once: it may then be there twice; what is in a transaction
 * is there once).
 *
 * What `send`, `createTopic` and `commit` have resolved is on disk (fsync).
 *
 * @throws MillraceError `CONFIG` for a folder that holds something else or a newer format, `DATA_LOSS` when it is
 * damaged, `UNREACHABLE` when its owner does not answer or the disk is full.
 */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const settings = embeddedSettings(options)
  const link = new Link(settings)
  const admin = embeddedAdmin(link)
  await link.connection()
  return {
    admin,
    upkeep: embeddedUpkeep(link),
    consumer: (consumer) => new EmbeddedConsumer({ ...consumer, link, admin, logger: settings.logger }),
    producer: async () => new EmbeddedProducer(link),
    transactions: (transactions) => openTransactions(link, transactions),
    read: (ranges) => readRanges(link, admin, ranges),
    close: () => link.close(),
  }
}
