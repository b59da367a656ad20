import { cassandraAnswers, startCassandra } from './cassandra.ts'
import { kafkaAnswers, startKafka } from './kafka.ts'
import { startZookeeperBroker } from './kafka-zookeeper.ts'
import { postgresAnswers, startPostgres } from './postgres.ts'
import { registryAnswers, startRegistry } from './registry.ts'
import type { RunningServer, ServerName, StartOptions } from './server.ts'
import { startZookeeper, zookeeperAnswers } from './zookeeper.ts'

export interface Service {
  start(options: StartOptions): Promise<RunningServer>
  /** Whether a server on this port answers in the service's own protocol. */
  answers(port: number): Promise<boolean>
}

/** Every server that the launcher knows. */
export const services: Readonly<Record<ServerName, Service>> = {
  kafka: { start: startKafka, answers: kafkaAnswers },
  registry: { start: startRegistry, answers: registryAnswers },
  postgres: { start: startPostgres, answers: postgresAnswers },
  cassandra: { start: startCassandra, answers: cassandraAnswers },
  'kafka-zookeeper': { start: startZookeeperBroker, answers: kafkaAnswers },
  zookeeper: { start: startZookeeper, answers: zookeeperAnswers },
}
