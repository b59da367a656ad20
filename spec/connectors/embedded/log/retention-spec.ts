import { join } from 'node:path'
import { expect } from 'chai'
import { clean } from '../../../../connectors/embedded/log/cleaner.ts'
import { logFolder } from '../log-folder.ts'
import { LogHarness } from './open-log.ts'

describe('retention of the embedded log', () => {
  const root = logFolder()
  let dirs = 0
  let harness: LogHarness
  const open = async (config: Record<string, string>) => {
    harness = await LogHarness.open(join(root, String(++dirs)), config)
  }
  afterEach(() => harness.log.close())

  it('should keep everything when nothing is stated', async () => {
    await open({})
    await harness.write([{ timestamp: 0 }], [{ timestamp: 5 }])
    await clean(harness.log, Number.MAX_SAFE_INTEGER)
    expect(harness.partition.state).to.include({ earliest: 0, end: 2 })
  })

  it('should delete from the front what is older than retention.ms, by chunks', async () => {
    await open({ 'retention.ms': '100' })
    await harness.write([{ timestamp: 10 }, { timestamp: 20 }], [{ timestamp: 30 }, { timestamp: 999 }])
    await harness.write([{ timestamp: 15 }])
    await clean(harness.log, 120)
    expect(harness.partition.state).to.include({ earliest: 0 })
    await clean(harness.log, 121)
    expect(harness.partition.state).to.include({ earliest: 2, end: 5 })
    // The chunk with the record of 999 stays, and so do all behind it, however old.
    await clean(harness.log, 1000)
    expect(await harness.contents()).to.deep.equal(['2:null=v', '3:null=v', '4:null=v'])
  })

  it('should delete from the front what is more than retention.bytes', async () => {
    await open({ 'retention.bytes': '2500' })
    const kilobyte = [{ value: 'x'.repeat(1000) }]
    await harness.write(kilobyte, kilobyte, kilobyte, kilobyte)
    await clean(harness.log, 0)
    expect(harness.partition.state).to.include({ earliest: 1, end: 4 })
    expect(harness.partition.state.bytes).to.be.within(2500, 3500)
  })

  it('should delete the last record too, and go on at the next offset', async () => {
    await open({ 'retention.ms': '100' })
    await harness.write([{ timestamp: 10 }], [{ timestamp: 20 }])
    await clean(harness.log, 500)
    expect(harness.partition.state).to.include({ earliest: 2, end: 2, bytes: 0 })
    await harness.write([{ timestamp: 450 }])
    await clean(harness.log, 500)
    expect(await harness.contents()).to.deep.equal(['2:null=v'])
  })

  it('should be where it was when the log is opened again', async () => {
    await open({ 'retention.ms': '100' })
    await harness.write([{ timestamp: 10 }], [{ timestamp: 1000 }])
    await clean(harness.log, 500)
    const { state } = harness.partition
    await harness.log.close()
    harness = await LogHarness.open(join(root, String(dirs)))
    expect(harness.partition.state).to.deep.equal(state)
    expect(await harness.contents()).to.deep.equal(['1:null=v'])
  })
})
