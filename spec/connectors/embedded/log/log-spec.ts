import { join } from 'node:path'
import { expect } from 'chai'
import { ClassicLevel } from 'classic-level'
import { Log } from '../../../../connectors/embedded/log/log.ts'
import { failureOf } from '../../../conformance/failure-of.ts'
import { logFolder } from '../log-folder.ts'
import { LogHarness } from './open-log.ts'

describe('embedded log on disk', () => {
  const root = logFolder()
  let dirs = 0
  const next = () => join(root, String(++dirs))

  it('should hold what it held when it is opened again', async () => {
    const dir = next()
    const before = await LogHarness.open(dir)
    await before.write([{ key: 'a', value: '1' }], [{ value: '2' }])
    await before.log.commitPositions('group', [{ topic: before.topic, partition: 0, offset: 1 }])
    await before.log.close()
    const after = await LogHarness.open(dir)
    expect(await after.contents()).to.deep.equal(['0:a=1', '1:null=2'])
    expect(await after.log.positions('group', [after.topic])).to.deep.equal([
      { topic: after.topic, partition: 0, offset: 1 },
    ])
    await after.write([{ value: '3' }])
    expect(after.partition.state.end).to.equal(3)
    await after.log.close()
  })

  it('should be open once', async () => {
    const dir = next()
    const { log } = await LogHarness.open(dir)
    expect(await Log.open(dir)).to.equal(undefined)
    await log.close()
  })

  it('should write many calls in the order in which they were made', async () => {
    const harness = await LogHarness.open(next())
    const values = Array.from({ length: 200 }, (_, i) => String(i))
    await Promise.all(values.map((value) => harness.write([{ value }])))
    expect((await harness.records()).map(({ value }) => String(value))).to.deep.equal(values)
    await harness.log.close()
  })

  it('should fail a call alone whose partition does not exist', async () => {
    const harness = await LogHarness.open(next())
    const chunk = Buffer.alloc(0)
    const wrong = harness.log.append([{ topic: harness.topic, partition: 1, chunk }])
    const [error] = await Promise.all([failureOf(wrong), harness.write([{ value: 'x' }])])
    expect(error.code).to.equal('WRITE')
    expect(harness.log.failed.aborted).to.equal(false)
    expect(await harness.contents()).to.deep.equal(['0:null=x'])
    await harness.log.close()
  })

  it('should refuse a topic that Kafka would refuse', async () => {
    const { log } = await LogHarness.open(next())
    const wrong = [
      { topic: 'spaced name', partitions: 1 },
      { topic: '..', partitions: 1 },
      { topic: 'none', partitions: 0 },
      { topic: 'set', partitions: 1, config: { 'retention.ms': 'long' } },
      { topic: 'set', partitions: 1, config: { 'retention.minutes': '1' } },
      { topic: 'set', partitions: 1, config: { 'cleanup.policy': 'burn' } },
    ]
    for (const spec of wrong) {
      const error = await failureOf(log.createTopic(spec))
      expect(error.code).to.equal('CONFIG')
      expect(error.message).to.include(spec.topic)
    }
    await log.close()
  })

  it('should refuse a later format', async () => {
    const dir = next()
    await (await LogHarness.open(dir)).log.close()
    const store = new ClassicLevel(join(dir, 'log'))
    await store.put('f', 'millrace embedded log 2')
    await store.close()
    const error = await failureOf(Log.open(dir))
    expect(error.code).to.equal('CONFIG')
    expect(error.message).to.include('format 2').and.include(dir)
  })

  it("should refuse another program's store, and a folder with other things in it", async () => {
    const dir = next()
    const store = new ClassicLevel(join(dir, 'log'))
    await store.put('some', 'thing')
    await store.close()
    expect((await failureOf(Log.open(dir))).code).to.equal('CONFIG')
    expect((await failureOf(Log.open(root))).code).to.equal('CONFIG')
  })

  it('should refuse to open when its last records are gone', async () => {
    const dir = next()
    const harness = await LogHarness.open(dir)
    await harness.write([{ value: 'a' }], [{ value: 'b' }])
    await harness.log.close()
    const store = new ClassicLevel<Buffer, Buffer>(join(dir, 'log'), { keyEncoding: 'buffer' })
    const [last] = await store.keys({ gte: Buffer.from('c'), lt: Buffer.from('d'), reverse: true }).all()
    await store.del(last!)
    await store.close()
    const error = await failureOf(Log.open(dir))
    expect(error.code).to.equal('DATA_LOSS')
    expect(error.message).to.include('topic/0')
  })

  it('should find the first record of a time or later, past several entries of its index', async () => {
    const harness = await LogHarness.open(next())
    const big = 'x'.repeat(300_000)
    // Not in order: what counts is the first offset at or after the time.
    const timestamps = [10, 40, 20, 30, 35, 60, 50, 55, 70, 5]
    await harness.write(...timestamps.map((timestamp) => [{ timestamp, value: big }]))
    const starts = [0, 11, 41, 61, 71]
    const found = await Promise.all(starts.map((time) => harness.partition.scanStart(time)))
    for (const [i, time] of starts.entries()) {
      const first = timestamps.findIndex((timestamp) => timestamp >= time)
      const scanned = found[i]!
      expect(scanned).to.be.at.most(first === -1 ? timestamps.length : first)
    }
    expect(found.at(-1)).to.be.greaterThan(4)
    await harness.log.close()
  })
})
