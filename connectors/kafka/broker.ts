/** Kafka behind the broker port. */
import type { Broker } from '../../lib/broker/broker.ts'
import { kafkaAdmin } from './admin.ts'
import { AdminClient } from './admin-client.ts'
import { BatchLimits } from './batch-limits.ts'
import { KafkaConsumer } from './consumer.ts'
import { type KafkaBrokerOptions, kafkaSettings } from './options.ts'
import { KafkaProducer } from './producer.ts'
import { readRanges } from './reader.ts'
import { openTransactions } from './transactions.ts'
import { kafkaUpkeep } from './upkeep.ts'

export type { KafkaBrokerOptions, KafkaCredentials, KafkaLogEntry, KafkaTiming } from './options.ts'

/** Connects to nothing by itself. Throws `CONFIG` for addresses that can't be right. */
export function kafkaBroker(options: KafkaBrokerOptions): Broker {
  const settings = kafkaSettings(options)
  const client = new AdminClient(settings)
  const admin = kafkaAdmin(client)
  const limits = new BatchLimits()
  return {
    admin,
    upkeep: kafkaUpkeep(client),
    consumer: (consumerOptions) => new KafkaConsumer(settings, admin, consumerOptions),
    producer: async (producerOptions) => {
      const producer = new KafkaProducer(settings, admin, producerOptions)
      await producer.connect()
      return producer
    },
    transactions: (transactionOptions) => openTransactions(settings, admin, transactionOptions, limits),
    read: (ranges) => readRanges(settings, admin, ranges),
    close: () => client.close(),
  }
}
