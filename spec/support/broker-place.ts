import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import type { Broker } from '../../lib/ports.ts'

/** Where a broker is, so that a spec's other processes can be told: Kafka's addresses, or the embedded log's folder. */
export type BrokerPlace = { readonly kafka: string } | { readonly dir: string }

export async function openBroker(place: BrokerPlace): Promise<Broker> {
  return 'dir' in place ? openEmbeddedBroker(place) : kafkaBroker({ brokers: place.kafka.split(',') })
}
