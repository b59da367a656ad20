import { expect } from 'chai'
import { cassandra } from '../../connectors/cassandra/index.ts'
import { kafka } from '../../connectors/kafka/index.ts'
import { postgres } from '../../connectors/postgres/index.ts'
import { variablesOf } from '../../lib/cli/topology-file.ts'
import { json, type SinkTarget, sink, topology } from '../../lib/index.ts'

interface Row {
  readonly id: string
}

const columns = { id: 'text' } as const

describe('what a topology needs to run', () => {
  const needs = (target: SinkTarget<Row>) =>
    variablesOf([
      topology('spec', ({ source }) => {
        source('in', kafka('in', { value: json<Row>() })).pipe(sink('out', target))
      }),
    ])

  it('should be a database for a table in PostgreSQL, though nothing is looked up', () => {
    expect(needs(postgres('rows', { columns, primaryKey: ['id'] }))).to.deep.equal([
      'KAFKA_BROKERS',
      'DATABASE_URL',
    ])
  })

  it('should be a keyspace for a table in Cassandra', () => {
    expect(needs(cassandra('rows', { columns, primaryKey: { partition: ['id'] } }))).to.deep.equal([
      'KAFKA_BROKERS',
      'CASSANDRA_CONTACT_POINTS',
      'CASSANDRA_LOCAL_DC',
      'CASSANDRA_KEYSPACE',
    ])
  })
})
