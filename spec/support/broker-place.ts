import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { Broker } from '../../lib/broker/broker.ts'

/** Where a broker is, so that a spec's other processes can be told: Kafka's addresses, or the embedded log's folder. */
export type BrokerPlace = { readonly kafka: string; readonly session?: number } | { readonly dir: string }

export async function openBroker(place: BrokerPlace): Promise<Broker> {
  if ('dir' in place) return openEmbeddedBroker(place)
  const { kafka, session } = place
  return kafkaBroker({ brokers: kafka.split(','), ...(session === undefined ? {} : { timing: { session } }) })
}
