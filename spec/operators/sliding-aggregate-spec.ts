import { expect } from 'chai'
import { aggregate, sliding, window } from '../../lib/index.ts'
import type { Short } from '../support/driven.ts'
import { drivenWindows, windowed } from '../support/driven-windows.ts'

/** Collects values; "!" deletes, "?" throws in a window that has something already. */
const collected = (difference: number, grace: number) =>
  windowed<string | null>((input) =>
    input.pipe(
      window('near', sliding(difference, { grace })),
      aggregate(
        'all',
        () => '',
        (all, value) => {
          if (value === '?' && all !== '') throw new RangeError('unlucky')
          return value === '!' ? null : all + value
        },
      ),
    ),
  )

const inputs = (...values: Array<[value: string | null, timestamp: number]>): Short[] =>
  values.map(([value, timestamp]) => ['a', value, timestamp])

describe('sliding aggregation', () => {
  it('should hand on nothing of nothing', async () => {
    expect((await drivenWindows(collected(10, 0), [])).shown).to.deep.equal([])
  })

  it('should open a window that ends at each record, and one behind each that has a follower', async () => {
    const { shown } = await drivenWindows(collected(10, 0), inputs(['x', 100], ['y', 104], ['z', 111]))
    expect(shown).to.deep.equal([
      'a@90-100 = x at 100',
      'a@101-111 = y at 104',
      'a@94-104 = xy at 104',
      'a@101-111 = yz at 111',
      'a@105-115 = z at 111',
    ])
  })

  it('should add a late record to the windows it is in, and show what lies behind it without it', async () => {
    const { shown } = await drivenWindows(collected(10, 100), inputs(['x', 100], ['y', 95]))
    expect(shown).to.deep.equal([
      'a@90-100 = x at 100',
      'a@90-100 = xy at 100',
      'a@85-95 = y at 95',
      'a@96-106 = x at 100',
    ])
  })

  it('should put records before the difference into one window', async () => {
    const { shown } = await drivenWindows(collected(10, 100), inputs(['x', 4], ['y', 7], ['z', 0]))
    expect(shown).to.deep.equal([
      'a@0-10 = x at 4',
      'a@5-15 = y at 7',
      'a@0-10 = xy at 7',
      'a@1-11 = xy at 7',
      'a@0-10 = xyz at 7',
    ])
  })

  it('should show a window that a record opens for two reasons twice', async () => {
    const { shown } = await drivenWindows(collected(10, 100), inputs(['x', 5], ['y', 16]))
    expect(shown).to.deep.equal(['a@0-10 = x at 5', 'a@6-16 = y at 16', 'a@6-16 = y at 16'])
  })

  it('should take late records while their windows are open, the last millisecond included', async () => {
    const ahead = (time: number): Short => ['b', 'ahead', time]
    const { shown, counters } = await drivenWindows(collected(10, 5), [
      ...inputs(['x', 100]),
      ahead(105),
      ...inputs(['y', 100]),
      ahead(106),
      ...inputs(['late', 99], ['late', 90]),
    ])
    expect(shown.filter((window) => window.startsWith('a'))).to.deep.equal([
      'a@90-100 = x at 100',
      'a@90-100 = xy at 100',
      // What lies behind the late record has not closed yet.
      'a@100-110 = xy at 100',
    ])
    expect(counters.get('all', 'late')).to.equal(3)
  })

  it('should add a record a difference behind to the one window that is open still', async () => {
    const { shown, counters } = await drivenWindows(
      collected(10, 5),
      inputs(['x', 99], ['y', 100], ['far', 115], ['late', 100], ['late', 99]),
    )
    expect(shown.slice(-2)).to.deep.equal(['a@105-115 = far at 115', 'a@100-110 = ylate at 100'])
    expect(counters.get('all', 'late')).to.equal(2)
  })

  it('should delete by null', async () => {
    const { shown } = await drivenWindows(collected(10, 0), inputs(['x', 100], ['!', 100], ['y', 100]))
    expect(shown).to.deep.equal(['a@90-100 = x at 100', 'a@90-100 = null at 100', 'a@90-100 = y at 100'])
  })

  it('should change no window of a record that is refused in one', async () => {
    const { shown, letters } = await drivenWindows(
      collected(10, 100),
      inputs(['x', 100], ['?', 95], ['y', 95]),
    )
    expect(shown).to.deep.equal([
      'a@90-100 = x at 100',
      'a@90-100 = xy at 100',
      'a@85-95 = y at 95',
      'a@96-106 = x at 100',
    ])
    expect(letters).to.deep.equal(['all: RangeError: unlucky'])
  })

  it('should ignore records without a key or a value, and not take their time', async () => {
    const { shown, counters } = await drivenWindows(collected(10, 0), [
      [null, 'x', 5000],
      ['a', null, 5000],
      ['a', 'y', 100],
    ])
    expect(shown).to.deep.equal(['a@90-100 = y at 100'])
    expect([counters.get('all', 'null-key'), counters.get('all', 'null-value')]).to.deep.equal([1, 1])
  })
})
