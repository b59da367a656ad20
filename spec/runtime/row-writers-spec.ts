import { expect } from 'chai'
import { sink } from '../../lib/index.ts'
import type { Sink, SinkRow } from '../../lib/ports.ts'
import { Counters } from '../../lib/runtime/counters.ts'
import { takenRowWriters } from '../../lib/runtime/row-writers.ts'
import type { SinkNode } from '../../lib/topology/nodes.ts'
import { jsonTopology } from '../support/pipeline.ts'

const table = { connector: 'spec', name: 'table' }
const said = jsonTopology<object>((input) => input.pipe(sink('rows', table)))
const node = said.nodes.find((one): one is SinkNode => one.kind === 'sink')!
const { signal } = new AbortController()

/** A table that covers `in/0` up to offset 3, taken for a topic that ends where it is said. */
async function taken(end: number) {
  const written: number[] = []
  const positions = [{ topic: 'in', partition: 0, offset: 3 }]
  const write = async (rows: readonly SinkRow[]) =>
    void written.push(...rows.map(({ origin }) => origin.offset))
  const kept: Sink = {
    prepare: async () => {},
    write: async () => expect.fail('written without its position'),
    take: async () => ({ positions, write }),
    close: async () => {},
  }
  const counters = new Counters()
  const admin = { offsets: async () => [{ partition: 0, earliest: 0, end }] }
  const writers = await takenRowWriters(new Map([[node, kept]]), '0_0', { admin, counters, signal })
  return { counters, written, writer: writers.get(node)! }
}

const rowAt = (offset: number): SinkRow => {
  const origin = { topic: 'in', partition: 0, offset }
  return { value: {}, key: 'k', timestamp: 0, headers: [], origin }
}

describe('the tables of a task that are taken with their positions', () => {
  it('should be written what they do not cover; the rest is counted', async () => {
    const { counters, written, writer } = await taken(5)
    await writer([1, 2, 3, 4].map(rowAt), [{ topic: 'in', partition: 0, offset: 5 }], signal)
    expect(written).to.deep.equal([3, 4])
    expect(counters.get('rows', 'covered')).to.equal(2)
  })

  it('should be refused where they cover more than the topic has ever held: it is another one', async () => {
    const error = await taken(2).catch((caught: unknown) => caught)
    expect(error).to.have.property('code', 'DATA_LOSS')
    expect(String(error)).to.match(/"rows", task 0_0, covers in\/0 up to offset 3, but that ends at 2/)
  })
})
