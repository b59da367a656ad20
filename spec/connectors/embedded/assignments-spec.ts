import { expect } from 'chai'
import { Assignments } from '../../../connectors/embedded/assignments.ts'
import type { Connection } from '../../../connectors/embedded/connection.ts'
import { Collector } from '../../conformance/collector.ts'

describe('assignments of the embedded log', () => {
  it('should begin nothing after their end', async () => {
    const collector = new Collector()
    let asked = 0
    const under = new Assignments({
      listener: collector,
      positions: async () => {
        asked++
        return []
      },
      fetchBytes: 1,
      fail: (error) => collector.failed(error),
    })
    under.end()
    under.assigned({ lost: new AbortController().signal } as Connection, {
      partitions: [{ topic: 't', partition: 0 }],
      standbys: [],
      owners: [],
    })
    await new Promise(setImmediate)
    expect(asked).to.equal(0)
    expect(collector.events).to.deep.equal([])
  })
})
