import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { expect } from 'chai'
import { leftJoin, within } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { shortened } from '../support/driven.ts'
import { drivenSides, joining, pipeSides, plus, type Sided } from '../support/driven-join.ts'

const joined = (
  windows = within({ after: 5, grace: 2 }),
  joiner: (left: string, right: string | null) => unknown = plus,
) => joining((left, right) => left.pipe(leftJoin('pairs', right, windows, joiner)))

describe('leftJoin', () => {
  it('should write nothing for nothing, nor for a right record alone', async () => {
    expect((await drivenSides(joined(), [])).out).to.deep.equal([])
    const alone: Sided[] = [
      ['right', 'a', 'r', 1],
      ['right', 'a', 'r', 100],
    ]
    expect((await drivenSides(joined(), alone)).out).to.deep.equal([])
  })

  it('should emit a left record without a match once its window and grace are over', async () => {
    const { after } = await drivenSides(joined(), [
      ['left', 'a', 'La', 2],
      ['left', 'b', 'Lb', 3],
      ['right', 'a', 'Ra', 4],
      ['right', 'c', 'Rc', 9],
      ['left', 'c', 'Lc', 11],
    ])
    expect(after[2]).to.deep.equal([['a', 'La+Ra', 4]])
    expect(after[3]).to.deep.equal([])
    expect(after[4]).to.deep.equal([
      ['b', 'Lb+null', 3],
      ['c', 'Lc+Rc', 11],
    ])
  })

  it('should not wait to the end of the grace for what can have no match in time, and still join one that comes', async () => {
    const { after } = await drivenSides(joined(within({ after: 5, grace: 50 })), [
      ['right', 'b', 'time', 20],
      ['left', 'a', 'window behind', 14],
      ['right', 'a', 'late', 15],
      ['left', 'a', 'window open', 15],
    ])
    expect(after.slice(1)).to.deep.equal([
      [['a', 'window behind+null', 14]],
      [['a', 'window behind+late', 15]],
      [['a', 'window open+late', 15]],
    ])
  })

  it('should emit a record without a key at once, which moves time and releases nothing', async () => {
    const { after, counters } = await drivenSides(joined(), [
      ['left', 'a', 'l', 1],
      ['left', null, 'no key', 100],
      ['right', null, 'no key', 100],
      ['left', null, null, 100],
      ['left', 'a', null, 100],
      ['right', 'b', 'late', 99],
      ['right', 'b', 'in time', 100],
    ])
    expect(after).to.deep.equal([[], [[null, 'no key+null', 100]], [], [], [], [], [['a', 'l+null', 1]]])
    expect(counters.get('pairs', 'null-key')).to.equal(2)
    expect(counters.get('pairs', 'null-value')).to.equal(1)
  })

  it('should release with the headers of the record that moved time', async () => {
    const driver = await testDriver(joined())
    const headers = (name: string) => [[name, Buffer.from('1')]] as const
    await driver.pipe('left', { key: 'a', value: 'l', timestamp: 1, headers: headers('own') })
    await driver.pipe('right', { key: 'b', value: 'r', timestamp: 100, headers: headers('cause') })
    const [released] = driver.read('out')
    expect(released).to.include({ key: 'a', timestamp: 1 })
    expect(released!.headers).to.deep.equal(headers('cause'))
    await driver.close()
  })

  it('should refuse the record that released one whose joiner throws, and go on', async () => {
    const failing = (left: string, right: string | null) => {
      if (left === 'l1') throw new RangeError('unlucky')
      return plus(left, right)
    }
    const { out, letters } = await drivenSides(joined(within(5), failing), [
      ['left', 'a', 'l1', 1],
      ['left', 'a', 'l2', 2],
      ['right', 'b', 'r', 100],
      ['right', 'b', 'r', 101],
    ])
    expect(out).to.deep.equal([['a', 'l2+null', 2]])
    expect(letters).to.deep.equal(['pairs: RangeError: unlucky'])
  })

  it('should have what waits survive a crash, and when it is looked for', async () => {
    const folder = mkdtempSync(path(tmpdir(), 'millrace-left-join-'))
    const inputs = Array.from({ length: 80 }, (_, i): Sided => {
      const late = i % 5 === 0 ? 4 : 0
      return [i % 3 === 0 ? 'right' : 'left', `k${(i * 7) % 5}`, `${i}`, Math.max(0, i - late)]
    })
    const said = joined(within({ before: 0, after: 3, grace: 1 }))
    const { after } = await drivenSides(said, inputs)
    expect(after.flat().filter(([, value]) => String(value).endsWith('+null'))).to.have.length.greaterThan(20)
    try {
      const driver = await testDriver(said, { stores: { dir: folder } })
      for (const [index, input] of inputs.entries()) {
        await driver.crash()
        await pipeSides(driver, [input])
        expect(shortened(driver), `after ${index}`).to.deep.equal(after[index])
      }
      await driver.close()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
