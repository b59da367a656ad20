import { expectedRows } from '../e2e/expected-rows.ts'
import { storedRows } from '../e2e/stored-rows.ts'
import { consumeUntilQuiet } from '../support/console-consumer.ts'
import { startPipelineServers } from '../support/pipeline-servers.ts'
import { poisonCases } from './poison-cases.ts'

poisonCases('on Kafka and Cassandra', async () => {
  const { env, keyspace, sql, stop } = await startPipelineServers()
  return {
    ...{ env, sql, stop },
    rows: (table, key) => storedRows(keyspace, table, key),
    expected: () => expectedRows(env.DATABASE_URL!),
    records: (topic) => consumeUntilQuiet(env.KAFKA_BROKERS!, topic),
  }
})
