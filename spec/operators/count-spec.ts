import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { count, filter, keyBy, toStream } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { chain, driven, shortened } from '../support/driven.ts'

const counted = chain<string | null>((input) => input.pipe(count('counts')))

describe('count', () => {
  it('should count nothing of nothing', async () => {
    expect((await driven(counted, [])).out).to.deep.equal([])
  })

  it('should count by key, at the largest time that was counted', async () => {
    const { out } = await driven(counted, [
      ['a', 'x', 10],
      ['b', 'x', 11],
      ['a', 'y', 5],
      ['a', 'z', 12],
    ])
    expect(out).to.deep.equal([
      ['a', 1, 10],
      ['b', 1, 11],
      ['a', 2, 10],
      ['a', 3, 12],
    ])
  })

  it('should ignore records without a key or a value, and count them as dropped', async () => {
    const { out, counters } = await driven(counted, [
      [null, 'x', 1],
      ['a', null, 2],
      ['', 'x', 3],
    ])
    expect(out).to.deep.equal([['', 1, 3]])
    expect(counters.get('counts', 'null-key')).to.equal(1)
    expect(counters.get('counts', 'null-value')).to.equal(1)
  })

  it('should count behind a changed key what comes from all partitions', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        keyBy('by-value', (value) => value),
        count('counts'),
      ),
    )
    const driver = await testDriver(said, { partitions: 3 })
    for (let i = 0; i < 12; i++) {
      await driver.pipe('in', {
        key: `u${i}`,
        value: i % 2 === 0 ? 'even' : 'odd',
        timestamp: i,
        partition: i % 3,
      })
    }
    const last = new Map(shortened(driver).map(([key, value]) => [key, value]))
    expect(Object.fromEntries(last)).to.deep.equal({ even: 6, odd: 6 })
    await driver.close()
  })

  it('should show its rows by name, and its updates as records', async () => {
    const said = chain<string>((input) =>
      input.pipe(
        count('counts'),
        toStream('updates'),
        filter('first', (n) => n === 1),
      ),
    )
    const driver = await testDriver(said)
    for (const timestamp of [1, 2]) await driver.pipe('in', { key: 'a', value: 'x', timestamp })
    expect(shortened(driver)).to.deep.equal([['a', 1, 1]])
    expect([...driver.store('counts').all()]).to.deep.equal([{ key: 'a', value: 2, timestamp: 2 }])
    await driver.close()
  })

  it('should go on from what it had counted before a crash', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-count-'))
    const driver = await testDriver(counted, { stores: { dir } })
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 1 })
    await driver.crash()
    await driver.pipe('in', { key: 'a', value: 'x', timestamp: 2 })
    expect(shortened(driver).map(([, n]) => n)).to.deep.equal([1, 2])
    await driver.close()
    rmSync(dir, { recursive: true })
  })
})
