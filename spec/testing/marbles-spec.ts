import { expect } from 'chai'
import {
  count,
  json,
  sink,
  topic,
  topology,
  toStream,
  tumbling,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { marbles, play } from '../../lib/testing/marbles.ts'

const clicks = topic('clicks', { value: json<string>() })
const out = topic('out', { key: windowedKey(), value: json<number | null>() })

const closing = topology('closing', ({ source }) => {
  source('clicks', clicks).pipe(
    window('fives', tumbling('5s'), { emit: 'close', retention: '1m' }),
    count('counted'),
    toStream('closed'),
    sink('out', out),
  )
})

const values = { a: { key: 'k', value: 'click' }, b: { key: 'other', value: 'click' } }

describe('marble diagrams', () => {
  it('should be played in, and be what comes out', async () => {
    const driver = await testDriver(closing)
    const played = await play(driver, { clicks: 'aa-b--a---b' }, values)
    expect(played.output('out')).to.deep.equal(
      marbles('------(xy) z', {
        x: { key: { key: 'k', start: 0, end: 5000 }, value: 2 },
        y: { key: { key: 'other', start: 0, end: 5000 }, value: 1 },
        z: { key: { key: 'k', start: 5000, end: 10_000 }, value: 1 },
      }),
    )
    await driver.close()
  })

  it('should give records together the same frame, and a record its own timestamp if it has one', async () => {
    const driver = await testDriver(closing)
    const late = { ...values.a, timestamp: 1000 }
    const played = await play(
      driver,
      { clicks: '(aa)--b' },
      { ...values, b: { ...values.b, timestamp: 9000 }, a: late },
    )
    expect(played.output('out')).to.deep.equal([
      { frame: 6, key: { key: 'k', start: 0, end: 5000 }, value: 2 },
    ])
    await driver.close()
  })

  it('should refuse a marble without a value, and errors', () => {
    expect(() => marbles('-a-q', values)).to.throw('marble "q" has no value: it must be one of a, b')
    expect(() => marbles('-a-#', values)).to.throw('topics know no errors')
  })
})
