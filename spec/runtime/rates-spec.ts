import { expect } from 'chai'
import { json } from '../../lib/contract/serde.ts'
import { map, type SinkTarget, sink, topic, topology } from '../../lib/index.ts'
import { Outbox } from '../../lib/runtime/outbox.ts'
import { paceOf, ratesOf } from '../../lib/runtime/rates.ts'
import type { SinkNode } from '../../lib/topology/nodes.ts'
import { rawRecord } from './ports.ts'

const table = { connector: 'cassandra', name: 'rows' } as SinkTarget<unknown>
const never = new AbortController().signal

/** A source and two sinks, a table and a topic, of which each may have a rate. */
function said(rates: { readonly input?: string; readonly rows?: string; readonly out?: string }) {
  return topology('spec', ({ source }) => {
    const input = source('input', topic('in', { value: json<object>() }), limit(rates.input))
    input.pipe(sink('rows', table, limit(rates.rows)))
    input.pipe(
      map('same', (value) => value),
      sink('out', topic('out', { value: json<object>() }), limit(rates.out)),
    )
  })
}
const limit = (rate: string | undefined) => (rate === undefined ? {} : { rate })

describe('the rates of a worker', () => {
  function paced(rates: Parameters<typeof said>[0]) {
    const built = said(rates)
    const waits: number[] = []
    const clock = { now: () => 0, pause: async (ms: number) => void waits.push(Math.round(ms)) }
    const shared = ratesOf(built, clock)
    const node = (name: string) => built.nodes.find((one) => one.name === name) as SinkNode
    /** What a micro-batch with so many rows and records has to wait for. */
    const allowed = async (rows: number, records: number) => {
      waits.length = 0
      const outbox = new Outbox()
      const raw = rawRecord(0)
      const { key, value, timestamp, headers } = raw
      const record = { topic: 'out', key, value, timestamp, headers }
      const row = { value: {}, key, timestamp, headers, origin: raw }
      for (let i = 0; i < rows; i++) outbox.addRow(node('rows'), row, raw)
      for (let i = 0; i < records; i++) outbox.records.push({ record, node: node('out'), raw })
      await paceOf(built.nodes, shared).allow(outbox, never)
      return [...waits]
    }
    return { pace: paceOf(built.nodes, shared), allowed }
  }

  it('should limit nothing that has none', async () => {
    const { pace, allowed } = paced({})
    expect(pace).to.deep.include({ portion: Number.POSITIVE_INFINITY, topics: new Map() })
    expect(await allowed(1000, 1000)).to.deep.equal([])
  })

  it('should cut micro-batches to a tenth of a second’s of a source, a second’s of a sink', () => {
    expect(paced({ input: '500/s' }).pace.portion).to.equal(50)
    expect(paced({ rows: '500/s' }).pace.portion).to.equal(500)
    expect(paced({ input: '500/s', rows: '30/s', out: '40/s' }).pace.portion).to.equal(30)
    expect(paced({ input: '30/m' }).pace.portion).to.equal(1)
  })

  it('should pace the topic of a source', () => {
    expect([...paced({ input: '500/s', rows: '1/s' }).pace.topics.keys()]).to.deep.equal(['in'])
  })

  it('should let a sink wait for what it writes, and all tasks share it', async () => {
    const { allowed } = paced({ rows: '10/s' })
    expect(await allowed(1, 999)).to.deep.equal([])
    expect(await allowed(10, 0)).to.deep.equal([1000])
    expect(await allowed(10, 0)).to.deep.equal([2000])
  })

  it('should let each sink wait for its own', async () => {
    expect(await paced({ rows: '10/s', out: '100/s' }).allowed(11, 110)).to.deep.equal([1000, 1000])
  })
})
