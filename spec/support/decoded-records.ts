import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { RawRecord } from '../../lib/record.ts'
import { rangesOf } from '../../lib/verify/topic-tables.ts'

export interface DecodedRecord extends Omit<RawRecord, 'value'> {
  /** Null for a deletion. */
  readonly decoded: Readonly<Record<string, unknown>> | null
}

/** All committed records of a topic, their values by the registry's own client. */
export async function* decodedRecords(
  env: Readonly<Record<string, string>>,
  topic: string,
): AsyncGenerator<DecodedRecord> {
  const registry = new SchemaRegistry({ host: env.SCHEMA_REGISTRY_URL! })
  const broker = kafkaBroker({ brokers: [env.KAFKA_BROKERS!] })
  try {
    for await (const { records } of broker.read(await rangesOf(broker, topic))) {
      for (const { value, ...record } of records) {
        yield { ...record, decoded: value === null ? null : await registry.decode(value) }
      }
    }
  } finally {
    await broker.close()
  }
}
