import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../connectors/embedded/index.ts'
import type { Broker } from '../../lib/broker/broker.ts'
import { json, map, sink, topic, topology } from '../../lib/index.ts'
import { livePassed } from '../../lib/verify/live-passed.ts'

const input = topic('in', { value: json<number>() })
const middle = topic('middle', { value: json<number>() })
const chain = topology('chain', ({ source }) => {
  source('numbers', input).pipe(
    map('same', (n: number) => n),
    sink('to-middle', middle),
  )
  source('again', middle).pipe(
    map('still', (n: number) => n),
    sink('out', topic('out', { value: json<number>() })),
  )
})

describe('whether live has passed what is there', () => {
  let dir: string
  let broker: Broker

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'millrace-live-'))
    broker = await openEmbeddedBroker({ dir })
    for (const name of ['in', 'middle', 'out']) await broker.admin.createTopic({ topic: name, partitions: 1 })
  })

  afterEach(async () => {
    await broker.close()
    rmSync(dir, { recursive: true })
  })

  const write = async (name: string) => {
    const producer = await broker.producer({})
    await producer.send([{ topic: name, key: null, value: Buffer.from('1'), timestamp: 0, headers: [] }])
    await producer.close()
  }
  const committed = (name: string, offset: number) =>
    broker.upkeep.setPositions('chain', [{ topic: name, partition: 0, offset }])
  const passed = (wait = 300) => livePassed(chain, { admin: broker.admin, group: 'chain', wait })

  it('should be so where nothing is', async () => {
    expect(await passed()).to.equal(true)
  })

  it('should not be so while a source, or what it has written itself, is behind', async () => {
    await write('in')
    await write('middle')
    expect(await passed()).to.equal(false)
    await committed('in', 1)
    expect(await passed()).to.equal(false)
    await committed('middle', 1)
    expect(await passed()).to.equal(true)
  })

  it('should be so once the group gets there, whatever comes behind', async () => {
    await write('in')
    const asked = passed(20_000)
    await committed('in', 1)
    await write('in')
    expect(await asked).to.equal(true)
  })
})
