import { expect } from 'chai'
import { kafka } from '../../connectors/kafka/index.ts'
import { countsOf } from '../../lib/cli/run-view.ts'
import { filter, json, sink, topology } from '../../lib/index.ts'
import { Counters } from '../../lib/runtime/counters.ts'

const value = json<number>()
const evens = topology('evens', ({ source }) => {
  source('read', kafka('numbers', { value })).pipe(
    filter('even', (number) => number % 2 === 0),
    sink('write', kafka('even-numbers', { value })),
  )
})

describe('the view of a run', () => {
  it('should count what was read and written by topic, and the dead letters', () => {
    const counters = new Counters()
    counters.add('read', 'records', 5)
    counters.add('even', 'filtered', 2)
    counters.add('write', 'written', 3)
    counters.add('dead-letters', 'written', 1)
    expect(countsOf(evens, counters.snapshot())).to.deep.equal([
      ['numbers', 5],
      ['even-numbers', 3],
      ['evens.dlq', 1],
    ])
  })
})
