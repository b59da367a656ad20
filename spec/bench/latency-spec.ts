import { expect } from 'chai'
import { percentiles } from '../../bench/w7/latency.ts'

describe('percentiles of latencies', () => {
  it('should be by nearest rank, whatever the order', () => {
    const latencies = Array.from({ length: 200 }, (_, n) => 200 - n)
    expect(percentiles(latencies)).to.deep.equal({
      ...{ 'p0 ms': 1, 'p50 ms': 100, 'p90 ms': 180, 'p95 ms': 190, 'p99 ms': 198, 'p100 ms': 200 },
    })
  })

  it('should all be the one there is, in tenths of a millisecond', () => {
    expect(new Set(Object.values(percentiles([1.26])))).to.deep.equal(new Set([1.3]))
  })
})
