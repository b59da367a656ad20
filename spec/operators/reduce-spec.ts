import { expect } from 'chai'
import { reduce, session, stringKey, tumbling, window } from '../../lib/index.ts'
import { chain, driven, type Short } from '../support/driven.ts'
import { drivenWindows, windowed } from '../support/driven-windows.ts'

/** Joins texts; two equal ones delete, "?" throws. */
function combine(reduced: string, value: string | null): string | null {
  if (value === '?') throw new RangeError('unlucky')
  return reduced === value ? null : `${reduced}|${value}`
}

const joined = chain<string | null>((input) => input.pipe(reduce('joined', combine)))

const inputs = (...values: Array<[value: string | null, timestamp: number]>): Short[] =>
  values.map(([value, timestamp]) => ['a', value, timestamp])

describe('reduce', () => {
  it('should hand on nothing of nothing', async () => {
    expect((await driven(joined, [])).out).to.deep.equal([])
  })

  it('should take the first value as it is, and combine each further one in order of arrival', async () => {
    const { out } = await driven(joined, [...inputs(['x', 9], ['y', 5]), ['b', 'z', 7]])
    expect(out).to.deep.equal([
      ['a', 'x', 9],
      ['a', 'x|y', 9],
      ['b', 'z', 7],
    ])
  })

  it('should delete by null, and begin again with value and time', async () => {
    const { out } = await driven(joined, inputs(['x', 9], ['x', 5], ['y', 3], ['z', 4]))
    expect(out).to.deep.equal([
      ['a', 'x', 9],
      ['a', null, 9],
      ['a', 'y', 3],
      ['a', 'y|z', 4],
    ])
  })

  it('should leave the result as it was where the callback throws', async () => {
    const { out, letters } = await driven(joined, inputs(['x', 1], ['?', 50], ['y', 2]))
    expect(out.map(([, value]) => value)).to.deep.equal(['x', 'x|y'])
    expect(letters).to.deep.equal(['joined: RangeError: unlucky'])
  })

  it('should ignore records without a key or a value', async () => {
    const { out, counters } = await driven(joined, [
      [null, 'x', 1],
      ['a', null, 2],
    ])
    expect(out).to.deep.equal([])
    expect([counters.get('joined', 'null-key'), counters.get('joined', 'null-value')]).to.deep.equal([1, 1])
  })

  it('should reduce each window by itself, records without a value among the others', async () => {
    const said = windowed<string | null>((input) =>
      input.pipe(window('tens', tumbling(10)), reduce('joined', combine)),
    )
    const { shown } = await drivenWindows(said, inputs([null, 11], ['x', 13], [null, 12], ['y', 20]))
    expect(shown).to.deep.equal([
      'a@10-20 = null at 11',
      'a@10-20 = x at 13',
      'a@10-20 = x|null at 13',
      'a@20-30 = y at 20',
    ])
  })

  it('should combine sessions that become one, the earlier first', async () => {
    const said = windowed<string | null>((input) =>
      input.pipe(window('visits', session(5, { grace: 100 })), reduce('joined', combine)),
    )
    const { shown } = await drivenWindows(said, inputs(['x', 10], ['z', 20], ['y', 15]))
    expect(shown.at(-1)).to.equal('a@10-20 = x|z|y at 20')
  })

  it('should keep results as is said', async () => {
    const said = chain<string>((input) => input.pipe(reduce('joined', (a, b) => a + b, { value: stringKey })))
    expect((await driven(said, inputs(['x', 1], ['y', 2]))).out.at(-1)).to.deep.equal(['a', 'xy', 2])
  })
})
