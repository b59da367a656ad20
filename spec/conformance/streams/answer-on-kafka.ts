import { MillraceError } from '../../../lib/errors.ts'
import type { Answer, Scenario } from './scenario.ts'

/** Topologies without state and without a repartition topic: what a worker runs already. */
export const ON_KAFKA: readonly string[] = ['map-values', 'filter', 'flat-map', 'branch', 'merge']

/** Runs a scenario through a worker on the Kafka that `KAFKA_BROKERS` names, with topics of its own. */
export async function answerOnKafka(_scenario: Scenario): Promise<Answer> {
  throw new MillraceError('CONFIG', '--broker kafka is not connected yet')
}
