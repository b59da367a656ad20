import { expect } from 'chai'
import { type CassandraConnector, cassandraConnector } from '../../../connectors/cassandra/connector.ts'
import { cassandra } from '../../../connectors/cassandra/index.ts'
import type { MillraceError } from '../../../lib/errors.ts'
import type { Sink, SinkRow } from '../../../lib/ports.ts'
import { rejectionOf } from '../../contract/failure-of.ts'
import { openKeyspace, type SpecKeyspace } from './keyspace.ts'

const rows = cassandra('rows', {
  columns: { id: 'text', size: 'int' },
  primaryKey: { partition: ['id'] },
})
const context = { application: 'refusals', step: 'rows' }
const never = new AbortController().signal
const NOON = Date.UTC(2026, 0, 1, 12)
/** Cassandra's keys have 65,535 bytes at most: what only the server knows. */
const TOO_LONG = 'secret'.repeat(12_000)

function rowAt(offset: number, id: string, timestamp = NOON): SinkRow {
  const origin = { topic: 'in', partition: 0, offset }
  return { value: { id, size: offset }, key: null, timestamp, headers: [], origin }
}

describe('rows that a Cassandra server refuses', () => {
  let keyspace: SpecKeyspace
  let connector: CassandraConnector
  let sink: Sink

  before(async () => {
    keyspace = openKeyspace()
    connector = cassandraConnector({ ...keyspace.settings, inFlight: 16 })
    for (const resource of connector.resources(rows, context)) await resource.create()
    sink = await connector.open(rows, context)
    await sink.prepare()
  })
  after(async () => {
    await connector?.close()
    await keyspace?.drop()
  })

  const offsetsIn = (error: MillraceError) => error.errors.map(({ at }) => at.offset)

  it('should all be named, in order and without a value, and the others be written meanwhile', async () => {
    const culprits = [3, 40, 99]
    const batch = Array.from({ length: 100 }, (_, i) =>
      rowAt(i, culprits.includes(i) ? `${TOO_LONG}${i}` : `id-${i}`),
    )
    const error = await rejectionOf(sink.write(batch, never))
    expect(error).to.include({ code: 'WRITE', retriable: false })
    expect(offsetsIn(error)).to.deep.equal(culprits)
    expect(error.errors.map(({ message }) => message).join())
      .to.include('in/0/40')
      .and.not.include('secret')
    const stored = await keyspace.select(`SELECT id FROM ${keyspace.name}.rows`)
    expect(stored).to.have.length(97)
  })
})
