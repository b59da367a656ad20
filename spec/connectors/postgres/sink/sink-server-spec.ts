import { cassandra } from '../../../../connectors/cassandra/index.ts'
import { postgres } from '../../../../connectors/postgres/index.ts'
import { postgresConnector } from '../../../../connectors/postgres/sink/connector.ts'
import type { TableTarget } from '../../../../lib/table/table.ts'
import { type ConformanceRow, type SinkHarness, sinkConformance } from '../../../conformance/sink.ts'
import { createSpecDatabase } from '../../../support/spec-database.ts'

const columns = { country: 'text', id: 'text', name: 'text', size: 'int' } as const

function harnessOf(rows: TableTarget): () => Promise<SinkHarness> {
  return async () => {
    const spec = await createSpecDatabase()
    const connector = postgresConnector({ databaseUrl: spec.url, schema: 'insights' })
    const context = { application: 'conformance', step: 'rows' }
    return {
      open: () => connector.open(rows, context),
      resources: () => connector.resources(rows, context),
      rows: () =>
        spec.database.query<ConformanceRow & Record<string, unknown>>(
          'judge',
          'select country, id, name, size from insights.rows where not deleted',
        ),
      raiseGeneration: () => connector.raiseGeneration(context.application),
      close: async () => {
        await connector.close()
        await spec.drop()
      },
    }
  }
}

sinkConformance('a PostgreSQL table', harnessOf(postgres('rows', { columns, primaryKey: ['country', 'id'] })))

sinkConformance(
  "a PostgreSQL table in Cassandra's place",
  harnessOf(cassandra('rows', { columns, primaryKey: { partition: ['country'], clustering: ['id'] } })),
)
