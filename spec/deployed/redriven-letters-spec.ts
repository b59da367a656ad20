import { expect } from 'chai'
import { Ledger } from '../../lib/deployed/ledger.ts'
import { RedrivenLetters } from '../../lib/deployed/redriven-letters.ts'
import { Stage } from '../dead-letters/stage.ts'

describe('what is noted of redriven letters', () => {
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  it('should be known to the next one, by topic, partition and offset', async () => {
    const ledger = new Ledger(stage.broker)
    const noted = [0, 7, 8, 9_999, 10_000, 123_456].map((offset) => ({ partition: offset % 2, offset }))
    const records = (await RedrivenLetters.read(ledger, 'a.dlq')).note(noted)
    const producer = await stage.broker.producer({})
    await producer.send(records)
    await producer.send((await RedrivenLetters.read(ledger, 'a.dlq')).note([{ partition: 0, offset: 1 }]))
    await producer.close()
    const known = await RedrivenLetters.read(ledger, 'a.dlq')
    const all = [...noted, { partition: 0, offset: 1 }]
    expect(all.filter((letter) => !known.has(letter))).to.deep.equal([])
    const others = all.map(({ partition, offset }) => ({ partition: 1 - partition, offset }))
    expect(others.filter((letter) => known.has(letter))).to.deep.equal([])
    expect(known.has({ partition: 0, offset: 2 })).to.equal(false)
    expect((await RedrivenLetters.read(ledger, 'b.dlq')).has({ partition: 0, offset: 0 })).to.equal(false)
  })

  it('should not grow with how many there are', async () => {
    const letters = Array.from({ length: 10_000 }, (_, offset) => ({ partition: 3, offset }))
    const records = (await RedrivenLetters.read(new Ledger(stage.broker), 'c.dlq')).note(letters)
    expect(records).to.have.length(1)
    expect(records[0]!.value!.length).to.be.lessThan(2_000)
  })
})
