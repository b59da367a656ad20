import { expect } from 'chai'
import {
  count,
  enrich,
  json,
  map,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import type { SinkTarget } from '../../lib/ports.ts'
import { withGuarantee } from '../../lib/topology/guarantee.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'

const visits = topic('visits', { value: json<{ country: string }>() })
const rows: SinkTarget<unknown> = { connector: 'postgres', name: 'rows' }
const names = (said: ReturnType<typeof topology>) => said.nodes.map(({ name }) => name)

describe('a topology under a guarantee', () => {
  const plain = topology('plain', ({ source }) => {
    source('visits', visits).pipe(
      map('row', ({ country }) => ({ country })),
      sink('rows', rows),
    )
  })
  const counting = topology('counting', ({ source }) => {
    source('visits', visits).pipe(
      window('tens', tumbling(10)),
      count('per-visitor'),
      toStream('updates'),
      sink('counts', topic('counts', { key: windowedKey(), value: json<number | null>() })),
    )
    source('users', topic('users', { value: json<{ name: string }>() })).pipe(
      enrich('asked', async (user) => user),
      sink('rows', rows),
    )
  })

  it('should be at-least-once unless it says otherwise', () => {
    expect(plain.guarantee).to.equal('at-least-once')
    expect(
      topology('said', ({ source }) => source('in', visits).pipe(sink('rows', rows)), {
        guarantee: 'exactly-once',
      }),
    ).to.have.property('guarantee', 'exactly-once')
  })

  it('should write a table from a topic of its own, exactly once, where a retry may compute other rows', () => {
    const exact = withGuarantee(counting, 'exactly-once')
    expect(names(exact)).to.include('rows-repartition')
    const ofRows = subTopologiesOf(exact).find(({ inputs }) =>
      inputs.some(({ name }) => name === 'rows-repartition'),
    )!
    expect(ofRows.steps.map(({ name }) => name)).to.deep.equal(['rows'])
  })

  it('should write a table at once where a retry computes the same rows, and topics anyway', () => {
    expect(names(withGuarantee(plain, 'exactly-once'))).to.deep.equal(names(plain))
    expect(names(withGuarantee(counting, 'exactly-once'))).not.to.include('counts-repartition')
  })

  it('should be as it was said again under the other one', () => {
    const there = withGuarantee(counting, 'exactly-once')
    const back = withGuarantee(there, 'at-least-once')
    expect(back.nodes).to.deep.equal(counting.nodes)
    expect(withGuarantee(there, 'exactly-once')).to.equal(there)
  })
})
