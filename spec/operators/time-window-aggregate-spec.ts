import { expect } from 'chai'
import { aggregate, hopping, tumbling, window } from '../../lib/index.ts'
import { drivenWindows, windowed } from '../support/driven-windows.ts'

/** Collects values; "!" deletes, "?" throws in a window that has something already. */
const collected = (windows: ReturnType<typeof tumbling>) =>
  windowed<string | null>((input) =>
    input.pipe(
      window('windows', windows),
      aggregate(
        'all',
        () => '',
        (all, value) => {
          if (value === '?' && all !== '') throw new RangeError('unlucky')
          return value === '!' ? null : `${all}${value}`
        },
      ),
    ),
  )

describe('time-windowed aggregation', () => {
  it('should add a record to its windows in the order of their starts', async () => {
    const { shown } = await drivenWindows(collected(hopping(10, 5)), [['a', 'x', 12]])
    expect(shown).to.deep.equal(['a@5-15 = x at 12', 'a@10-20 = x at 12'])
  })

  it('should show the largest time that is in the aggregate, and begin again with it after a null', async () => {
    const { shown } = await drivenWindows(collected(tumbling(10)), [
      ['a', 'x', 8],
      ['a', 'y', 3],
      ['a', '!', 2],
      ['a', 'z', 1],
    ])
    expect(shown).to.deep.equal([
      'a@0-10 = x at 8',
      'a@0-10 = xy at 8',
      'a@0-10 = null at 8',
      'a@0-10 = z at 1',
    ])
  })

  it('should change no window of a record that is refused in one, and make one dead letter of it', async () => {
    const { shown, letters } = await drivenWindows(collected(hopping(20, 10, { grace: 20 })), [
      ['a', 'x', 25],
      ['a', '?', 15],
      ['a', 'y', 15],
    ])
    expect(letters).to.deep.equal(['all: RangeError: unlucky'])
    expect(shown).to.deep.equal([
      'a@10-30 = x at 25',
      'a@20-40 = x at 25',
      'a@0-20 = y at 15',
      'a@10-30 = xy at 25',
    ])
  })
})
