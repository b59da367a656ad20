import { join } from 'node:path'
import { expect } from 'chai'
import { clean } from '../../../../connectors/embedded/log/cleaner.ts'
import { seededRandom } from '../../../../lib/testing/random.ts'
import { logFolder } from '../log-folder.ts'
import { LogHarness, type Written } from './open-log.ts'

const COMPACT = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0' }

describe('compaction of the embedded log', () => {
  const root = logFolder()
  let dirs = 0
  let harness: LogHarness
  const open = async (config: Record<string, string> = {}) => {
    harness = await LogHarness.open(join(root, String(++dirs)), { ...COMPACT, ...config })
  }
  afterEach(() => harness.log.close())

  it('should leave the newest record of each key, at its offset', async () => {
    await open()
    await harness.write([
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
      { key: 'a', value: '3' },
    ])
    await harness.write([{ key: 'b', value: '4' }], [{ key: 'c', value: '5' }])
    await clean(harness.log, 0)
    expect(await harness.contents()).to.deep.equal(['2:a=3', '3:b=4', '4:c=5'])
    expect(harness.partition.state).to.include({ earliest: 0, end: 5, cleanedTo: 5 })
  })

  it('should take older rounds and what came since together', async () => {
    await open()
    await harness.write([{ key: 'a', value: '1' }], [{ key: 'b', value: '2' }])
    await clean(harness.log, 0)
    await harness.write([{ key: 'a', value: '3' }])
    await clean(harness.log, 0)
    expect(await harness.contents()).to.deep.equal(['1:b=2', '2:a=3'])
  })

  it('should keep a tombstone for delete.retention.ms from when it was first seen', async () => {
    await open({ 'delete.retention.ms': '100' })
    await harness.write([
      { key: 'a', value: '1' },
      { key: 'a', value: null },
      { key: 'b', value: '2' },
    ])
    const round = async (now: number) => {
      await harness.write([{ key: 'tick', value: String(now) }])
      await clean(harness.log, now)
      return (await harness.contents()).filter((text) => !text.includes('tick'))
    }
    expect(await round(1000)).to.deep.equal(['1:a=null', '2:b=2'])
    expect(await round(1099)).to.deep.equal(['1:a=null', '2:b=2'])
    expect(await round(1100)).to.deep.equal(['2:b=2'])
  })

  it('should wait until enough has been written since the last round', async () => {
    await open({ 'min.cleanable.dirty.ratio': '0.5' })
    await harness.write(...[1, 2, 3, 4].map((n) => [{ key: `k${n}` }]))
    await clean(harness.log, 0)
    await harness.write([{ key: 'k1', value: 'w' }])
    await clean(harness.log, 0)
    expect(await harness.contents()).to.have.length(5)
    await harness.write(...[2, 3, 4].map((n) => [{ key: `k${n}`, value: 'w' }]))
    await clean(harness.log, 0)
    expect(await harness.contents()).to.deep.equal(['4:k1=w', '5:k2=w', '6:k3=w', '7:k4=w'])
  })

  it('should leave what is younger than min.compaction.lag.ms', async () => {
    await open({ 'min.compaction.lag.ms': '100' })
    await harness.write([{ key: 'a', timestamp: 10 }], [{ key: 'a', timestamp: 20 }])
    await harness.write([{ key: 'a', timestamp: 150 }])
    await clean(harness.log, 200)
    expect(await harness.contents()).to.deep.equal(['1:a=v', '2:a=v'])
  })

  it('should say of a chunk that is gone where reading goes on', async () => {
    await open()
    await harness.write([{ key: 'a' }], [{ key: 'b' }], [{ key: 'b', value: null }], [{ key: 'a' }])
    await clean(harness.log, 0)
    const { chunks, next } = await harness.partition.read(0, 10)
    expect({ last: chunks.map(({ last }) => last), next }).to.deep.equal({ last: [2], next: 3 })
  })

  it('should compact and delete a topic with both policies', async () => {
    await open({ 'cleanup.policy': 'compact,delete', 'retention.ms': '100' })
    await harness.write([{ key: 'a', timestamp: 10 }], [{ key: 'b', timestamp: 400 }])
    await harness.write([{ key: 'b', timestamp: 450 }])
    await clean(harness.log, 500)
    expect(await harness.contents()).to.deep.equal(['2:b=v'])
    expect(harness.partition.state.earliest).to.equal(1)
  })

  it('should give the same last values as the records themselves, whatever is written between the rounds', async () => {
    await open({ 'delete.retention.ms': '0' })
    const random = seededRandom(20260122)
    const newest = new Map<string, string | null>()
    for (let round = 0; round < 12; round++) {
      const chunks = Array.from({ length: 8 }, () =>
        Array.from({ length: 1 + Math.floor(random() * 20) }, (): Written & { key: string } => {
          const value = random() < 0.2 ? null : String(random())
          return { key: `k${Math.floor(random() * 30)}`, value }
        }),
      )
      for (const { key, value } of chunks.flat()) newest.set(key, value!)
      await harness.write(...chunks)
      await clean(harness.log, round)
    }
    const records = await harness.records()
    const left = new Map(records.map(({ key, value }) => [String(key), value && String(value)]))
    for (const [key, value] of newest) expect(left.get(key) ?? null).to.equal(value)
    expect(records.length).to.be.at.most(30)
    const offsets = records.map(({ offset }) => offset)
    expect(offsets).to.deep.equal([...offsets].sort((a, b) => a - b))
  })
})
