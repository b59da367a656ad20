import { expect } from 'chai'
import { adding } from '../../lib/operators/adding.ts'
import { REFUSED, type StepRuntime } from '../../lib/operators/step.ts'
import { type Context, NO_HEADERS } from '../../lib/record.ts'
import type { Adder, AggregateNode } from '../../lib/topology/keyed-nodes.ts'

const refused: unknown[] = []
const runtime = {
  refuse: (_node: unknown, error: unknown) => void refused.push(error),
} as unknown as StepRuntime

const place = { topic: 'in', partition: 0, offset: 0, timestamp: 0, headers: NO_HEADERS }
const context: Context = { ...place, key: 'k', raw: { ...place, key: null, value: null } }

const add = (init: () => unknown, adder: (aggregate: never, value: never) => unknown) =>
  adding({ init } as AggregateNode, adder as Adder, runtime)

describe('adding', () => {
  beforeEach(() => void refused.splice(0))

  it('should tell what the aggregate was, and what it is', () => {
    const sum = add(
      () => 7,
      (a: number, b: number) => a + b,
    )
    expect(sum({ aggregate: 1, value: 2 }, context)).to.deep.equal({ old: 1, new: 3, latest: true })
  })

  it('should begin with the initial value, which is then the old one, as in Kafka Streams without a cache', () => {
    const sum = add(
      () => 7,
      (a: number, b: number) => a + b,
    )
    expect(sum({ aggregate: undefined, value: 2 }, context)).to.deep.equal({ old: 7, new: 9, latest: true })
  })

  it('should take nothing returned for a deletion', () => {
    const none = add(
      () => 0,
      () => undefined,
    )
    expect(none({ aggregate: 1, value: 2 }, context)).to.deep.equal({ old: 1, new: null, latest: true })
  })

  it('should refuse the record where the adder throws, or the initial value', () => {
    const fails = () => {
      throw new RangeError('unlucky')
    }
    expect(add(() => 0, fails)({ aggregate: 1, value: 2 }, context)).to.equal(REFUSED)
    expect(add(fails, (a) => a)({ aggregate: undefined, value: 2 }, context)).to.equal(REFUSED)
    expect(refused.map(String)).to.deep.equal(['RangeError: unlucky', 'RangeError: unlucky'])
  })
})
