import { expect } from 'chai'
import fc from 'fast-check'
import type { FetchedBatch } from '../../lib/broker/broker.ts'
import { NO_HEADERS } from '../../lib/record.ts'
import { type MicroBatch, MicroBatchQueue } from '../../lib/runtime/micro-batch.ts'
import { TokenBucket } from '../../lib/token-bucket.ts'

const fetched = (from: number, sizes: readonly number[], next = from + sizes.length): FetchedBatch => ({
  topic: 't',
  partition: 0,
  generation: 1,
  next,
  bytes: sizes.reduce((sum, size) => sum + size, 0),
  records: sizes.map((size, index) => ({
    topic: 't',
    partition: 0,
    offset: from + index,
    timestamp: 0,
    key: null,
    value: Buffer.alloc(size),
    headers: NO_HEADERS,
  })),
})

const next = (batch: MicroBatch | undefined) => batch?.positions[0]?.offset

const queue = (
  limits: { records?: number; bytes?: number; wait?: number },
  credit = 1e9,
  paces?: ReadonlyMap<string, TokenBucket>,
) => {
  const turns: string[] = []
  const inputs = [{ topic: 't', partition: 0 }]
  const all = { records: 1e6, bytes: 1e9, wait: 0, ...limits }
  const made = new MicroBatchQueue(inputs, all, credit, (_, state) => turns.push(state), paces)
  return Object.assign(made, { turns })
}

describe('micro-batch', () => {
  it('should cut by number of records, across fetches, and go on where it stopped', async () => {
    const q = queue({ records: 2 })
    q.offer(fetched(0, [1, 1, 1]))
    q.offer(fetched(3, [1]))
    const cut = [await q.take(), await q.take()]
    expect(cut.map((batch) => batch?.records.map(({ offset }) => offset))).to.deep.equal([
      [0, 1],
      [2, 3],
    ])
    expect(cut.map(next)).to.deep.equal([2, 4])
  })

  it('should cut by bytes, and let one record through that is larger than that', async () => {
    const q = queue({ bytes: 10 })
    q.offer(fetched(0, [50, 6, 6, 6]))
    expect(next(await q.take())).to.equal(1)
    expect(next(await q.take())).to.equal(3)
  })

  it('should carry the position past offsets that hold no record', async () => {
    const q = queue({})
    q.offer(fetched(0, [1], 5))
    q.offer(fetched(5, [], 9))
    expect(next(await q.take())).to.equal(9)
  })

  it('should wait for more when not full, and no longer than said', async () => {
    const q = queue({ records: 3, wait: 10_000 })
    q.offer(fetched(0, [1, 1]))
    const taken = q.take()
    q.offer(fetched(2, [1]))
    expect((await taken)?.records).to.have.length(3)
    const short = queue({ records: 3, wait: 5 })
    short.offer(fetched(0, [1]))
    expect((await short.take())?.records).to.have.length(1)
  })

  it('should pause beyond its credit and flow again below half of it', async () => {
    const q = queue({ records: 1 }, 500)
    q.offer(fetched(0, [60]))
    expect(q.turns).to.deep.equal([])
    q.offer(fetched(1, [60]))
    expect(q.turns).to.deep.equal(['paused'])
    await q.take()
    expect(q.turns).to.deep.equal(['paused'])
    await q.take()
    expect(q.turns).to.deep.equal(['paused', 'flowing'])
  })

  it('should not wait for more while it may not be fetched', async () => {
    const q = queue({ records: 100, wait: 1e9 }, 1000)
    q.writing = true
    q.offer(fetched(0, [500, 500]))
    expect((await q.take())?.records).to.have.length(2)
  })

  it('should count the bytes alone of records that are larger than their objects', async () => {
    const q = queue({}, 10_000)
    q.offer(fetched(0, Array(10).fill(1000)))
    expect(q.turns).to.deep.equal([])
    q.offer(fetched(10, [1000]))
    expect(q.turns).to.deep.equal(['paused'])
  })

  it('should count the object of a record too, which is larger than a small record', async () => {
    const q = queue({}, 10_000)
    q.offer(fetched(0, Array(25).fill(1)))
    expect(q.turns).to.deep.equal([])
    q.offer(fetched(25, Array(25).fill(1)))
    expect(q.turns).to.deep.equal(['paused'])
  })

  it('should hand out nothing once closed, and wake who waits', async () => {
    const q = queue({})
    const taken = q.take()
    q.close()
    expect(await taken).to.equal(undefined)
    q.offer(fetched(0, [1]))
    expect(await q.take()).to.equal(undefined)
  })

  it('should hand out every record once and in order, however it is cut', async () => {
    const shape = fc.array(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 8 }), {
      minLength: 1,
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 99 }),
        async (sizes, records, bytes) => {
          const q = queue({ records, bytes })
          let end = 0
          for (const batch of sizes) {
            q.offer(fetched(end, batch))
            end += batch.length
          }
          const offsets: number[] = []
          let position = -1
          while (position < end) {
            const batch = await q.take()
            offsets.push(...batch!.records.map(({ offset }) => offset))
            expect(batch!.records.length).to.be.at.most(records)
            position = next(batch)!
          }
          expect(offsets).to.deep.equal(Array.from({ length: end }, (_, offset) => offset))
        },
      ),
    )
  })

  it('should take, of the heads of several inputs, the one with the smallest timestamp', async () => {
    const inputs = ['left', 'right'].map((topic) => ({ topic, partition: 0 }))
    const q = new MicroBatchQueue(inputs, { records: 4, bytes: 1e9, wait: 0 }, 1e9, () => {})
    const times = { left: [10, 5, 40], right: [7, 8, 30] }
    for (const [topic, timestamps] of Object.entries(times)) {
      const batch = fetched(0, [1, 1, 1])
      q.offer({
        ...batch,
        topic,
        records: batch.records.map((one, i) => ({ ...one, topic, timestamp: timestamps[i]! })),
      })
    }
    const [first, second] = [await q.take(), await q.take()]
    // 5 comes behind 10 in its own partition, whose order stays.
    expect(first?.records.map(({ timestamp }) => timestamp)).to.deep.equal([7, 8, 10, 5])
    expect(first?.positions).to.deep.equal([
      { topic: 'left', partition: 0, offset: 2 },
      { topic: 'right', partition: 0, offset: 2 },
    ])
    expect(second?.records.map(({ timestamp }) => timestamp)).to.deep.equal([30, 40])
  })

  describe('of an input with a rate', () => {
    /** A clock that stands still: what is over the rate is owed for ever, as the bucket sees it. */
    const still = { now: () => 0, pause: async () => {} }
    const paced = (perSecond: number) =>
      queue({ records: 10 }, 15, new Map([['t', new TokenBucket(perSecond, still)]]))

    it('should be handed out at once within it', async () => {
      const q = paced(100)
      q.offer(fetched(0, Array(10).fill(1)))
      expect(next(await q.take())).to.equal(10)
    })

    it('should wait for its time, whatever comes meanwhile, and be handed out once', async () => {
      const q = paced(1000)
      q.offer(fetched(0, Array(120).fill(1)))
      const cut: (number | undefined)[] = []
      const since = performance.now()
      while (cut.at(-1) !== 120) {
        const taking = q.take()
        q.offer(fetched(120, []))
        cut.push(next(await taking))
      }
      // A hundred are there from the beginning, the other twenty are owed one after another.
      expect(cut).to.deep.equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
      expect(performance.now() - since).to.be.at.least(29)
    })

    it('should not keep what is due by the clock waiting', async () => {
      const q = paced(1 / 3600)
      q.offer(fetched(0, [1, 1]))
      expect(await q.take(1)).to.deep.equal({ records: [], positions: [] })
      expect(await q.take(1)).to.deep.equal({ records: [], positions: [] })
    })

    it('should be given up when closed, so that its position is never committed', async () => {
      const q = paced(1 / 3600)
      q.offer(fetched(0, [1, 1]))
      const taking = q.take()
      await new Promise(setImmediate)
      q.close()
      expect(await taking).to.equal(undefined)
    })

    it('should leave in the topic what is beyond the credit', async () => {
      const q = paced(1 / 3600)
      q.offer(fetched(0, Array(40).fill(1)))
      expect(await q.take(1))
        .to.have.property('records')
        .with.length(0)
      expect(q.turns).to.deep.equal(['paused'])
    })
  })
})
