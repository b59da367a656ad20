import { expect } from 'chai'
import fc from 'fast-check'
import { timeCode } from '../../lib/state/time-code.ts'
import { TimeIndex } from '../../lib/state/time-index.ts'

const between = (index: TimeIndex, from: number, to: number) => [
  ...index.between(timeCode(from), timeCode(to)),
]

describe('the index by time', () => {
  it('should be empty at first', () => {
    const index = new TimeIndex()
    expect(between(index, 0, 100)).to.deep.equal([])
    expect(index.take(100)).to.deep.equal([])
    index.remove(timeCode(1), 'never there')
  })

  it('should give entries by time, then entry, its end excluded', () => {
    const index = new TimeIndex()
    index.add(timeCode(2), 'a')
    for (const entry of ['c', 'a', 'b']) index.add(timeCode(1), entry)
    expect(between(index, 0, 100)).to.deep.equal(['a', 'b', 'c', 'a'])
    expect(between(index, 1, 2)).to.deep.equal(['a', 'b', 'c'])
  })

  it('should leave the others of a time when one is removed, or was never there', () => {
    const index = new TimeIndex()
    for (const entry of ['a', 'b']) index.add(timeCode(1), entry)
    index.remove(timeCode(1), 'c')
    index.remove(timeCode(1), 'a')
    index.remove(timeCode(1), 'a')
    expect(between(index, 0, 9)).to.deep.equal(['b'])
    index.remove(timeCode(1), 'b')
    expect(between(index, 0, 9)).to.deep.equal([])
  })

  it('should take out what is not newer, each once', () => {
    const index = new TimeIndex()
    for (const time of [3, 1, 2]) index.add(timeCode(time), `at ${time}`)
    expect(index.take(0)).to.deep.equal([])
    expect(index.take(2)).to.deep.equal(['at 1', 'at 2'])
    expect(index.take(2)).to.deep.equal([])
    index.add(timeCode(1), 'late')
    expect(index.take(2)).to.deep.equal(['late'])
    expect(between(index, 0, 9)).to.deep.equal(['at 3'])
  })

  it('should do what a plain list does', () => {
    const [time, entry] = [fc.integer({ min: 0, max: 8 }), fc.constantFrom('a', 'b', 'c')]
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: entry, time }) },
      { weight: 2, arbitrary: fc.record({ remove: entry, time }) },
      { weight: 1, arbitrary: fc.record({ horizon: time }) },
      { weight: 2, arbitrary: fc.record({ from: time, to: time }) },
    )
    fc.assert(
      fc.property(fc.array(action, { size: '+1' }), (actions) => {
        const index = new TimeIndex()
        let model: (readonly [time: number, entry: string])[] = []
        const without = (at: number, name: string) =>
          model.filter(([other, known]) => other !== at || known !== name)
        const sorted = (from: number, to: number) =>
          model
            .filter(([at]) => at >= from && at < to)
            .sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
            .map(([, name]) => name)
        for (const act of actions) {
          if ('add' in act) {
            if (without(act.time, act.add).length === model.length) {
              index.add(timeCode(act.time), act.add)
              model.push([act.time, act.add])
            }
          } else if ('remove' in act) {
            index.remove(timeCode(act.time), act.remove)
            model = without(act.time, act.remove)
          } else if ('horizon' in act) {
            expect(index.take(act.horizon).sort()).to.deep.equal(sorted(0, act.horizon + 1).sort())
            model = model.filter(([at]) => at > act.horizon)
          } else expect(between(index, act.from, act.to)).to.deep.equal(sorted(act.from, act.to))
        }
      }),
      { numRuns: 300 },
    )
  })
})
