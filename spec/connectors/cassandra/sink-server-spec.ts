import { cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { cassandra } from '../../../connectors/cassandra/index.ts'
import { type ConformanceRow, sinkConformance } from '../../conformance/sink.ts'
import { openKeyspace } from './keyspace.ts'

const rows = cassandra('rows', {
  columns: { country: 'text', id: 'text', name: 'text', size: 'int' },
  primaryKey: { partition: ['country'], clustering: ['id'] },
})

sinkConformance('a Cassandra table', async () => {
  const keyspace = openKeyspace()
  const connector = cassandraConnector(keyspace.settings)
  const context = { application: 'conformance', step: 'rows' }
  return {
    open: () => connector.open(rows, context),
    resources: () => connector.resources(rows, context),
    rows: () => keyspace.select<ConformanceRow>(`SELECT country, id, name, size FROM ${keyspace.name}.rows`),
    raiseGeneration: () => connector.raiseGeneration(context.application),
    close: async () => {
      await connector.close()
      await keyspace.drop()
    },
  }
})
