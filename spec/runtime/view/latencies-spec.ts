import { expect } from 'chai'
import { Latencies } from '../../../lib/runtime/view/latencies.ts'

describe('latencies', () => {
  it('should count each in the first bucket that it fits, and all beyond the last', () => {
    const latencies = new Latencies()
    for (const milliseconds of [1, 1.5, 30_000, 30_001]) latencies.add(milliseconds)
    const { bounds, counts, sum } = latencies.counts()
    expect(counts).to.have.length(bounds.length + 1)
    expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).to.deep.equal([1, 1, 1, 1])
    expect(sum).to.be.closeTo(60.0035, 1e-9)
  })
})
