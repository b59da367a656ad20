import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import { type KafkaZookeeper, startKafkaZookeeper } from '../../../services/kafka-zookeeper.ts'
import { freePorts } from '../../../services/ports.ts'
import { brokerConformance } from '../../conformance/broker.ts'
import { transactionConformance } from '../../conformance/broker-transactions.ts'
import { makeServersDirectory, stopSpecServers } from '../../support/spec-servers.ts'

describe('Kafka 3.9 with ZooKeeper', () => {
  let dir: string
  let kafka: KafkaZookeeper

  before(async () => {
    dir = await makeServersDirectory()
    const [port, internalPort] = await freePorts(2)
    kafka = await startKafkaZookeeper({ dir, port, internalPort })
  })

  after(() => stopSpecServers(dir))

  brokerConformance('Kafka 3.9 with ZooKeeper', async () => kafkaBroker({ brokers: [kafka.address] }))
  transactionConformance('Kafka 3.9 with ZooKeeper', () => ({ kafka: kafka.address }))
})
