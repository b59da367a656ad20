import { transactionConformance } from '../../conformance/broker-transactions.ts'
import { servers } from '../../support/servers.ts'

transactionConformance('Kafka', () => ({ kafka: servers().kafkaBrokers }))
