import { join } from 'node:path'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import { rangesOf } from '../../lib/verify/topic-tables.ts'
import { expectedRows } from '../e2e/expected-rows.ts'
import { embeddedRows } from '../e2e/stored-rows.ts'
import { embeddedStage, query } from '../support/embedded.ts'
import { type PlacedKey, poisonCases } from './poison-cases.ts'

poisonCases('embedded', async () => {
  const stage = embeddedStage()
  const { env } = stage
  /** Its PostgreSQL runs as long as some command does. */
  const at = <T>(work: (databaseUrl: string) => Promise<T>) =>
    stage.running ? work(stage.databaseUrl()) : stage.look(work)
  return {
    env,
    sql: (text, values) => at((databaseUrl) => query(databaseUrl, text, values)),
    rows: (table, key) => at((databaseUrl) => embeddedRows(databaseUrl, table, key)),
    expected: () => at(expectedRows),
    records: (topic) => recordsOf(join(env.MILLRACE_STATE_DIR, 'embedded', 'log'), topic),
    stop: () => stage.remove(),
  }
})

async function recordsOf(dir: string, topic: string): Promise<PlacedKey[]> {
  const broker = await openEmbeddedBroker({ dir })
  const found: PlacedKey[] = []
  for await (const { records } of broker.read(await rangesOf(broker, topic))) {
    for (const { key, partition, offset, timestamp } of records)
      found.push({ key, partition, offset, timestamp })
  }
  await broker.close()
  return found
}
