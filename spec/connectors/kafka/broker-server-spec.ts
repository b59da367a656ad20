import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import { brokerConformance } from '../../conformance/broker.ts'
import { servers } from '../../support/servers.ts'

brokerConformance('Kafka', async () => kafkaBroker({ brokers: servers().kafkaBrokers.split(',') }))
