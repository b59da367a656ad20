import { expect } from 'chai'
import { RedrivenLetters } from '../../lib/deployed/redriven-letters.ts'
import type { OutRecord } from '../../lib/record.ts'
import { Stage } from '../dead-letters/stage.ts'

describe('what is noted of redriven letters', () => {
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  /** A topic of so many records in each of two partitions. */
  async function letters(topic: string, count: number, life = 'first'): Promise<void> {
    await stage.broker.admin.createTopic({ topic, partitions: 2 })
    const record = {
      topic,
      key: null,
      value: null,
      timestamp: 0,
      headers: [['life', Buffer.from(life)]] as const,
    }
    await send(Array.from({ length: 2 * count }, (_, n) => ({ ...record, partition: n % 2 })))
  }

  async function send(records: readonly OutRecord[]): Promise<void> {
    const producer = await stage.broker.producer({})
    await producer.send(records)
    await producer.close()
  }

  /** As they were read. */
  const at = (partition: number, offset: number, life = 'first') => ({
    ...{ partition, offset, headers: [['life', Buffer.from(life)]] as const },
  })

  it('should be known to the next one, by topic, partition and offset', async () => {
    await letters('a.dlq', 10_010)
    const noted = [0, 7, 8, 9_999, 10_000, 10_003].map((offset) => at(offset % 2, offset))
    await send((await RedrivenLetters.read(stage.broker, 'a.dlq')).note(noted))
    await send((await RedrivenLetters.read(stage.broker, 'a.dlq')).note([at(0, 1)]))
    const known = await RedrivenLetters.read(stage.broker, 'a.dlq')
    const all = [...noted, at(0, 1)]
    expect(all.filter((letter) => !known.has(letter))).to.deep.equal([])
    const others = all.map(({ partition, offset }) => at(1 - partition, offset))
    expect(others.filter((letter) => known.has(letter))).to.deep.equal([])
    expect(known.has(at(0, 2))).to.equal(false)
    await letters('b.dlq', 1)
    expect((await RedrivenLetters.read(stage.broker, 'b.dlq')).has(at(0, 0))).to.equal(false)
  })

  it('should not grow with how many there are', async () => {
    const many = Array.from({ length: 10_000 }, (_, offset) => at(1, offset))
    const records = (await RedrivenLetters.read(stage.broker, 'c.dlq')).note(many)
    expect(records).to.have.length(1)
    expect(records[0]!.value!.length).to.be.lessThan(2_000)
  })

  it('should be forgotten with the topic: letters of a new one have not been redriven', async () => {
    await letters('d.dlq', 3)
    await send((await RedrivenLetters.read(stage.broker, 'd.dlq')).note([at(0, 0), at(0, 1)]))
    await stage.broker.upkeep.deleteTopic('d.dlq')
    expect((await RedrivenLetters.read(stage.broker, 'd.dlq')).has(at(0, 0))).to.equal(false)
    await letters('d.dlq', 3, 'second')
    const anew = await RedrivenLetters.read(stage.broker, 'd.dlq')
    expect([anew.has(at(0, 0)), anew.has(at(0, 1))]).to.deep.equal([false, false])
    await send(anew.note([at(0, 0, 'second')]))
    const again = await RedrivenLetters.read(stage.broker, 'd.dlq')
    expect([again.has(at(0, 0)), again.has(at(0, 1))]).to.deep.equal([true, false])
  })
})
