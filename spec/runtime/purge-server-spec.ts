import { kafkaBroker } from '../../connectors/kafka/broker.ts'
import { servers } from '../support/servers.ts'
import { purgeCases } from './purge-cases.ts'

describe('the purge of repartition topics on Kafka', () => {
  purgeCases(async () => kafkaBroker({ brokers: servers().kafkaBrokers.split(',') }))
})
