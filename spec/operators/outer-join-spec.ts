import { expect } from 'chai'
import { keyBy, outerJoin, within } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { shortened } from '../support/driven.ts'
import { drivenSides, joining, plus } from '../support/driven-join.ts'

const joined = (windows = within(5)) =>
  joining((left, right) => left.pipe(outerJoin('pairs', right, windows, plus)))

describe('outerJoin', () => {
  it('should write nothing for nothing', async () => {
    expect((await drivenSides(joined(), [])).out).to.deep.equal([])
  })

  it('should emit what has no match when its own side of the window is over', async () => {
    const { after } = await drivenSides(joined(within({ before: 1, after: 5 })), [
      ['left', 'a', 'La', 2],
      ['right', 'b', 'Rb', 3],
      ['right', 'c', 'Rc', 5],
      ['right', 'd', 'Rd', 8],
    ])
    expect(after).to.deep.equal([
      [],
      [],
      [['b', 'null+Rb', 3]],
      [
        ['a', 'La+null', 2],
        ['c', 'null+Rc', 5],
      ],
    ])
  })

  it('should emit each of several of a key and time, the right side first, and none that has been matched', async () => {
    const { after } = await drivenSides(joined(), [
      ['left', 'b', 'l1', 1],
      ['left', 'b', 'l2', 1],
      ['right', 'a', 'r1', 1],
      ['right', 'a', 'r2', 1],
      ['left', 'c', 'l3', 1],
      ['right', 'c', 'r3', 2],
      ['left', 'z', 'time', 100],
    ])
    expect(after[5]).to.deep.equal([['c', 'l3+r3', 2]])
    expect(after[6]!.map(([, value]) => value)).to.deep.equal(['null+r1', 'null+r2', 'l1+null', 'l2+null'])
  })

  it('should emit records of either side without a key at once', async () => {
    const { out } = await drivenSides(joined(), [
      ['left', null, 'l', 1],
      ['right', null, 'r', 1],
    ])
    expect(out).to.deep.equal([
      [null, 'l+null', 1],
      [null, 'null+r', 1],
    ])
  })

  it('should look as late as Kafka Streams does, by what it looked at last', async () => {
    // At 5 it looks at La, which waits, then at Rb, and remembers 3: a left record of 8 is then no reason to look.
    const { after } = await drivenSides(joined(within({ before: 1, after: 5 })), [
      ['left', 'a', 'La', 2],
      ['right', 'b', 'Rb', 3],
      ['right', 'c', 'Rc', 5],
      ['left', 'd', 'Ld', 8],
      ['left', 'd', 'Ld', 9],
    ])
    expect(after.slice(3)).to.deep.equal([
      [],
      [
        ['a', 'La+null', 2],
        ['c', 'null+Rc', 5],
      ],
    ])
  })

  it('should release nothing in a catch-up that a record still on its way would have joined', async () => {
    const said = joining((left, right) => {
      const [lefts, rights] = [left, right].map((side, index) =>
        side.pipe(keyBy(`key-${index}`, (value) => value)),
      )
      return lefts!.pipe(outerJoin('pairs', rights!, within(1), plus))
    })
    for (let seed = 1; seed <= 10; seed++) {
      const driver = await testDriver(said, { partitions: 3, batch: 20, seed })
      for (let time = 0; time < 60; time++) {
        const record = { value: `v${time % 7}`, timestamp: time }
        driver.write('left', { ...record, key: `l${time % 5}` })
        driver.write('right', { ...record, key: `r${time % 3}` })
      }
      await driver.work()
      const pairs = shortened(driver).map(([key, value, time]) => [key, value, time])
      expect(pairs, `seed ${seed}`).to.have.length(60)
      expect(
        pairs.every(([key, value]) => value === plus(key, key)),
        `seed ${seed}`,
      ).to.equal(true)
      await driver.close()
    }
  })
})
