import { randomUUID } from 'node:crypto'
import { kafkaBroker } from '../../../connectors/kafka/broker.ts'
import { config } from '../../../lib/cli/config.ts'
import type { Topology } from '../../../lib/index.ts'
import { answerOnBroker } from './answer-on-broker.ts'
import { prefixedBroker } from './prefixed-broker.ts'
import type { Answer, Scenario } from './scenario.ts'

/** @throws MillraceError `CONFIG` when `KAFKA_BROKERS` is not set, or wrong. */
export function brokersGiven(): readonly string[] {
  return config(['KAFKA_BROKERS']).KAFKA_BROKERS
}

/** Runs a scenario through a worker on this Kafka. Its topics stay there, under a prefix. */
export async function answerOnKafka(
  scenario: Scenario,
  topology: Topology,
  brokers: readonly string[],
): Promise<Answer> {
  const application = `millrace-conformance-${scenario.topology}-${randomUUID().slice(0, 8)}`
  const broker = kafkaBroker({ brokers: [...brokers] })
  try {
    return await answerOnBroker(scenario, topology, prefixedBroker(broker, `${application}.`), application)
  } finally {
    await broker.close()
  }
}
