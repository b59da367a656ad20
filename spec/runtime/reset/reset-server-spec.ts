import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import { servers } from '../../support/servers.ts'
import { resetCases } from './reset-cases.ts'

describe('a reset on Kafka', () => {
  resetCases(async () => kafkaBroker({ brokers: servers().kafkaBrokers.split(',') }))
})
