import { expect } from 'chai'
import { aggregate, session, stringKey, window } from '../../lib/index.ts'
import { failureOf } from '../contract/failure-of.ts'
import { chain, driven, type Short } from '../support/driven.ts'

/** Collects values; "!" deletes what was collected, "?" throws. */
const collected = chain<string | null>((input) =>
  input.pipe(
    aggregate(
      'all',
      (): readonly string[] => ['begin'],
      (all, value) => {
        if (value === '?') throw new RangeError('unlucky')
        return value === '!' ? null : [...all, String(value)]
      },
    ),
  ),
)

const inputs = (...values: Array<[value: string | null, timestamp: number]>): Short[] =>
  values.map(([value, timestamp]) => ['a', value, timestamp])

describe('aggregate', () => {
  it('should add each value to what its key has, beginning with the initial value', async () => {
    const { out } = await driven(collected, [
      ['a', 'x', 1],
      ['b', 'y', 2],
      ['a', 'z', 3],
    ])
    expect(out).to.deep.equal([
      ['a', ['begin', 'x'], 1],
      ['b', ['begin', 'y'], 2],
      ['a', ['begin', 'x', 'z'], 3],
    ])
  })

  it('should delete by null, also what was never there, and begin again with value and time', async () => {
    const { out } = await driven(collected, inputs(['!', 9], ['x', 5], ['!', 3], ['y', 2]))
    expect(out).to.deep.equal([
      ['a', null, 9],
      ['a', ['begin', 'x'], 5],
      ['a', null, 5],
      ['a', ['begin', 'y'], 2],
    ])
  })

  it('should leave the aggregate as it was where the callback throws', async () => {
    const { out, letters } = await driven(collected, inputs(['x', 1], ['?', 50], ['y', 2]))
    expect(out).to.deep.equal([
      ['a', ['begin', 'x'], 1],
      ['a', ['begin', 'x', 'y'], 2],
    ])
    expect(letters).to.deep.equal(['all: RangeError: unlucky'])
  })

  it('should ignore records without a key or a value', async () => {
    const { out, counters } = await driven(collected, [
      [null, 'x', 1],
      ['a', null, 2],
    ])
    expect(out).to.deep.equal([])
    expect([counters.get('all', 'null-key'), counters.get('all', 'null-value')]).to.deep.equal([1, 1])
  })

  it('should let the callback see where the record came from', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        aggregate(
          'places',
          () => '',
          (all, _, { key, topic, offset, timestamp }) => `${all} ${key}:${topic}/${offset}@${timestamp}`,
        ),
      ),
    )
    const { out } = await driven(said, inputs(['x', 4], ['y', 3]))
    expect(out.at(-1)).to.deep.equal(['a', ' a:in/0@4 a:in/1@3', 4])
  })

  it('should keep aggregates as is said', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        aggregate(
          'text',
          () => '',
          (all, value) => all + value,
          { value: stringKey },
        ),
      ),
    )
    expect((await driven(said, inputs(['x', 1], ['y', 2]))).out.at(-1)).to.deep.equal(['a', 'xy', 2])
  })

  it('should ask how two sessions become one', () => {
    const said = () =>
      chain<string>((input) => {
        input.pipe(
          window('sessions', session('5m')),
          aggregate(
            'sum',
            () => 0,
            (n) => n + 1,
          ),
        )
        return input
      })
    expect(failureOf(said)).to.match(
      /step "sum" aggregates sessions: say how two become one, with \{ merge \}/,
    )
  })
})
