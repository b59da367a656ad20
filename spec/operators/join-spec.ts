import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { expect } from 'chai'
import { describe as described, type JoinOptions, join, json, keyBy, map, within } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { chain, driven, type Short, shortened } from '../support/driven.ts'
import { drivenSides, joining, pipeSides, plus } from '../support/driven-join.ts'

const joined = (windows = within(5), joiner: (left: string, right: string) => unknown = plus) =>
  joining((left, right) => left.pipe(join('pairs', right, windows, joiner)))

describe('join', () => {
  const folder = mkdtempSync(path(tmpdir(), 'millrace-join-'))
  after(() => rmSync(folder, { recursive: true }))

  it('should write nothing for nothing, nor for one', async () => {
    expect((await drivenSides(joined(), [])).out).to.deep.equal([])
    expect((await drivenSides(joined(), [['left', 'a', 'l', 1]])).out).to.deep.equal([])
  })

  it('should join what is of one key and at most so far apart, once, at the later time', async () => {
    const { after } = await drivenSides(joined(), [
      ['left', 'a', 'L1', 2],
      ['right', 'a', 'R1', 4],
      ['right', 'a', 'R2', 8],
      ['left', 'a', 'L2', 10],
      ['right', 'b', 'other key', 10],
    ])
    expect(after).to.deep.equal([[], [['a', 'L1+R1', 4]], [], [['a', 'L2+R2', 10]], []])
  })

  it('should look as far before and after as it is told, of the left record', async () => {
    const times = [96, 97, 100, 105, 106]
    const { after } = await drivenSides(joined(within({ before: 3, after: 5, grace: 50 })), [
      ['left', 'a', 'l', 100],
      ...times.map((time) => ['right', 'a', 'r', time] as const),
    ])
    expect(after.slice(1).map((results) => results.length)).to.deep.equal([0, 1, 1, 1, 0])
    expect(after.flat().map(([, , time]) => time)).to.deep.equal([100, 100, 105])
  })

  it('should join only what lies behind, where before is negative', async () => {
    const { out } = await drivenSides(joined(within({ before: -2, after: 5 })), [
      ['left', 'a', 'l', 10],
      ['right', 'a', 'too near', 11],
      ['right', 'a', 'there', 12],
    ])
    expect(out).to.deep.equal([['a', 'l+there', 12]])
  })

  it('should keep every one of several records of a key and time, in the order in which they came', async () => {
    const { out } = await drivenSides(joined(), [
      ['right', 'a', 'r2', 2],
      ['right', 'a', 'r1', 1],
      ['right', 'a', 'r2', 2],
      ['left', 'a', 'l', 0],
    ])
    expect(out.map(([, value]) => value)).to.deep.equal(['l+r1', 'l+r2', 'l+r2'])
  })

  it('should join late records as long as the other side keeps what they fit', async () => {
    const { after } = await drivenSides(joined(within({ after: 5, grace: 10 })), [
      ['left', 'a', 'l', 100],
      ['left', 'b', 'time goes on', 119],
      ['right', 'a', 'late', 98],
      ['left', 'b', 'time goes on', 120],
      ['right', 'a', 'too late', 98],
    ])
    expect(after.map((results) => results.length)).to.deep.equal([0, 0, 1, 0, 0])
  })

  it('should count what has found nothing, and is too old to be kept itself', async () => {
    const { out, counters } = await drivenSides(joined(), [
      ['left', 'a', 'L1', 100],
      ['left', 'a', 'too late', 10],
      ['right', 'a', 'too late as well', 10],
      ['right', 'a', 'R1', 100],
    ])
    expect(out).to.deep.equal([['a', 'L1+R1', 100]])
    expect(counters.get('pairs', 'expired')).to.equal(1)
  })

  it('should join nothing without a key or a value, and count it', async () => {
    const { out, counters } = await drivenSides(joined(), [
      ['left', null, 'no key', 1],
      ['right', null, 'no key', 1],
      ['left', 'a', null, 1],
      ['right', 'a', 'r', 1],
    ])
    expect(out).to.deep.equal([])
    expect(counters.get('pairs', 'null-key')).to.equal(2)
    expect(counters.get('pairs', 'null-value')).to.equal(1)
  })

  it('should show the joiner key and time of the result, and pass on the headers of who came last', async () => {
    const said = joining((left, right) =>
      left.pipe(join('pairs', right, within(5), (_, __, { key, timestamp }) => `${key}@${timestamp}`)),
    )
    const driver = await testDriver(said)
    await driver.pipe('left', { key: 'a', value: 'l', timestamp: 7, headers: [['from', Buffer.from('l')]] })
    await driver.pipe('right', { key: 'a', value: 'r', timestamp: 5, headers: [['from', Buffer.from('r')]] })
    const [{ value, headers }] = driver.read('out') as [never]
    expect(value).to.equal('a@7')
    expect(headers).to.deep.equal([['from', Buffer.from('r')]])
    await driver.close()
  })

  it('should refuse the record whose joiner throws, and go on with other pairs', async () => {
    const failing = (left: string, right: string) => {
      if (right === 'r1') throw new RangeError('unlucky')
      return plus(left, right)
    }
    const { out, letters } = await drivenSides(joined(within(5), failing), [
      ['right', 'a', 'r1', 1],
      ['right', 'a', 'r2', 2],
      ['left', 'a', 'l', 3],
    ])
    expect(out).to.deep.equal([['a', 'l+r2', 3]])
    expect(letters).to.deep.equal(['pairs: RangeError: unlucky'])
  })

  it('should only count the record whose joiner throws, where that is the policy', async () => {
    const failing = () => {
      throw new RangeError('unlucky')
    }
    const said = joining((left, right) =>
      left.pipe(join('pairs', right, within(5), failing, { onError: 'skip' })),
    )
    const { letters, counters } = await drivenSides(said, [
      ['right', 'a', 'r', 1],
      ['left', 'a', 'l', 3],
    ])
    expect(letters).to.deep.equal([])
    expect(counters.get('pairs', 'skipped')).to.equal(1)
  })

  it('should hand on a null for a joiner that gives nothing', async () => {
    const said = joining((left, right) =>
      left.pipe(
        join('pairs', right, within(5), () => undefined),
        map('is-null', (value: unknown) => value === null),
      ),
    )
    const { out } = await drivenSides(said, [
      ['right', 'a', 'r', 1],
      ['left', 'a', 'l', 3],
    ])
    expect(out).to.deep.equal([['a', true, 3]])
  })

  it('should send a side whose keys have changed through a repartition topic of its own', async () => {
    const said = joining((left, right) => {
      const other = right.pipe(keyBy('by-value', (value) => value))
      return left.pipe(join('pairs', other, within(5), plus, { right: json() }))
    })
    expect(described(said))
      .to.include('spec-pairs-right-repartition')
      .and.not.include('pairs-left-repartition')
    const { out } = await drivenSides(
      said,
      [
        ['left', 'a', 'l', 1],
        ['right', 'x', 'a', 2],
        ['right', 'a', 'x', 2],
      ],
      { partitions: 3 },
    )
    expect(out).to.deep.equal([['a', 'l+a', 2]])
  })

  it('should come to the same pairs in many partitions, batches and orders of tasks, and after crashes', async () => {
    const keys = ['a', 'b', 'c', 'd']
    const inputs = Array.from({ length: 120 }, (_, i) => {
      // A record of each side for one key and one time, twice over: duplicates are to survive.
      const key = keys[(i >> 2) % 4]!
      return [i % 2 === 0 ? 'left' : 'right', key, `${i}`, 3 * (i >> 3)] as const
    })
    const pairs = async (options: Parameters<typeof testDriver>[1]) => {
      const driver = await testDriver(joined(within({ after: 6, grace: 1000 })), options)
      for (const [side, key, value, timestamp] of inputs) driver.write(side, { key, value, timestamp })
      await driver.work()
      const values = shortened(driver).map(([, value]) => value)
      await driver.close()
      return values.sort()
    }
    const expected = await pairs({})
    expect(expected).to.have.length.greaterThan(120)
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(await pairs({ seed, partitions: 3, batch: 10 }), `seed ${seed}`).to.deep.equal(expected)
      const dir = mkdtempSync(path(folder, 'crash-'))
      let passed = 0
      const crash = (at: string) => at === 'processed' && ++passed % 4 === 0 && passed < 40
      expect(await pairs({ seed, batch: 10, stores: { dir }, crash }), `crashes, seed ${seed}`).to.deep.equal(
        expected,
      )
      expect(passed).to.be.greaterThan(4)
    }
  })

  it('should keep duplicates apart that come before and after a crash', async () => {
    const driver = await testDriver(joined(), { stores: { dir: mkdtempSync(path(folder, 'twice-')) } })
    await pipeSides(driver, [['left', 'a', 'l1', 1]])
    await driver.crash()
    await pipeSides(driver, [
      ['left', 'a', 'l2', 1],
      ['right', 'a', 'r', 1],
    ])
    expect(shortened(driver).map(([, value]) => value)).to.deep.equal(['l1+r', 'l2+r'])
    await driver.close()
  })

  describe('of a stream with itself', () => {
    const self = (options?: JoinOptions<string, string>, windows = within(5)) =>
      chain<string>((input) => input.pipe(join('pairs', input, windows, plus, options)))
    const inputs: Short[] = [
      ['a', 'p', 10],
      ['a', 'q', 12],
      ['b', 'x', 12],
      ['a', 'r', 8],
      ['a', 's', 16],
    ]

    for (const singleStore of [false, true]) {
      it(`should give each pair in both orders, and each record with itself, singleStore: ${singleStore}`, async () => {
        const { out } = await driven(self({ singleStore }, within({ after: 5, grace: 9 })), inputs)
        expect(out).to.deep.equal([
          ['a', 'p+p', 10],
          ['a', 'q+p', 12],
          ['a', 'p+q', 12],
          ['a', 'q+q', 12],
          ['b', 'x+x', 12],
          ['a', 'r+p', 10],
          ['a', 'r+q', 12],
          ['a', 'r+r', 8],
          ['a', 'p+r', 10],
          ['a', 'q+r', 12],
          ['a', 's+q', 16],
          ['a', 'q+s', 16],
          ['a', 's+s', 16],
        ])
      })
    }

    it('should give the same pairs in the same order with one store, where before is not after', async () => {
      const windows = within({ before: 2, after: 5, grace: 20 })
      const times = [10, 12, 12, 16, 15, 9, 17, 10, 14, 14, 20, 12]
      const records = times.map((time, index): Short => ['a', `${index}`, time])
      const two = (await driven(self({}, windows), records)).out
      expect(two).to.have.length.greaterThan(60)
      expect((await driven(self({ singleStore: true }, windows), records)).out).to.deep.equal(two)
    })

    it('should differ with one store only for a record at the edge of what is kept', async () => {
      const edge: Short[] = [
        ['a', 'new', 100],
        ['a', 'at the edge', 91],
        ['b', 'before it', 90],
      ]
      const itself = ({ out }: { out: Short[] }) => out.map(([, value]) => value)
      expect(itself(await driven(self(), edge))).to.deep.equal(['new+new', 'at the edge+at the edge'])
      expect(itself(await driven(self({ singleStore: true }), edge))).to.deep.equal(['new+new'])
    })

    it('should pass one repartition topic where keys have changed', async () => {
      const said = chain<string>((input) => {
        const keyed = input.pipe(keyBy('by-value', (value) => value))
        return keyed.pipe(join('pairs', keyed, within(5), plus))
      })
      expect(described(said)).not.to.include('pairs-right-repartition')
      expect((await driven(said, [['a', 'p', 10]], { partitions: 3 })).out).to.deep.equal([['p', 'p+p', 10]])
    })

    it('should refuse one store for two streams', () => {
      const said = () =>
        joining((left, right) => left.pipe(join('pairs', right, within(5), plus, { singleStore: true })))
      expect(said).to.throw('step "pairs" joins two streams')
    })
  })
})
