import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { joinTable, json, leftJoinTable, sink, topic, topology } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { shortened } from '../support/driven.ts'
import { drivenTopics, type Into } from '../support/driven-topics.ts'

const VERBS = { inner: joinTable, left: leftJoinTable }

function waiting(grace: number, type: keyof typeof VERBS = 'inner', history: number | null = 1000) {
  return topology('spec', ({ source, table }) => {
    const rows = table('rows', topic('table', { value: json<string>() }), history === null ? {} : { history })
    source('stream', topic('stream', { value: json<string>() }), { nullValues: 'pass' }).pipe(
      VERBS[type]('joined', rows, (value, row: string | null) => `${value}+${row}`, { grace }),
      sink('out', topic('out', { value: json() })),
    )
  })
}

const inputs: readonly Into[] = [
  ['table', 'a', 't1', 10],
  ['stream', 'a', 's1', 20, [['h', Buffer.from('s1')]]],
  ['table', 'a', 'late, and in time for s1', 18],
  ['table', 'a', 'of another time', 21],
]

describe('joinTable with a grace period', () => {
  it('should join once the time of the stream is that far past, with the row of the record’s own time', async () => {
    const waits = await drivenTopics(waiting(10), [...inputs, ['stream', 'b', 'one too early', 29]])
    expect(waits.out).to.deep.equal([])
    const { out } = await drivenTopics(waiting(10), [...inputs, ['stream', 'b', 'in time', 30]])
    expect(out).to.deep.equal([['a', 's1+late, and in time for s1', 20]])
  })

  it('should not go on for rows, nor for records without a key or a value', async () => {
    const { out } = await drivenTopics(waiting(10), [
      ...inputs,
      ['table', 'b', 'row', 900],
      ['stream', null, 'no key', 900],
      ['stream', 'b', null, 900],
    ])
    expect(out).to.deep.equal([])
  })

  it('should join late records at once, and those at the edge in their turn', async () => {
    const { out } = await drivenTopics(waiting(10), [
      ['table', 'a', 't', 0],
      ['stream', 'b', 'moves time', 30],
      ['stream', 'a', 'late', 19],
      ['stream', 'a', 'at the edge', 20],
      ['stream', 'a', 'within grace', 21],
    ])
    expect(out).to.deep.equal([
      ['a', 'late+t', 19],
      ['a', 'at the edge+t', 20],
    ])
  })

  it('should release by time, then key, then arrival', async () => {
    const { out } = await drivenTopics(waiting(10), [
      ['table', 'a', 't', 0],
      ['table', 'b', 't', 0],
      ['stream', 'b', '1', 5],
      ['stream', 'a', '2', 5],
      ['stream', 'a', '3', 5],
      ['stream', 'a', '4', 4],
      ['stream', 'c', 'flush', 50],
    ])
    expect(out.map(([, value]) => value)).to.deep.equal(['4+t', '2+t', '3+t', '1+t'])
  })

  it('should release each in its turn, in whatever order they came', async () => {
    const driver = await testDriver(waiting(10))
    await driver.pipe('table', { key: 'a', value: 't', timestamp: 0 })
    for (const time of [9, 5, 7])
      await driver.pipe('stream', { key: 'a', value: `s${time}`, timestamp: time })
    for (const time of [5, 7, 9]) {
      await driver.pipe('stream', { key: 'z', value: 'moves time', timestamp: time + 10 })
      expect(shortened(driver)).to.deep.equal([['a', `s${time}+t`, time]])
    }
    await driver.close()
  })

  it('should keep what waits through a crash, headers included, and the order of arrival', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-grace-'))
    const driver = await testDriver(waiting(10, 'left'), { stores: { dir } })
    for (const [name, key, value, timestamp, headers = []] of inputs)
      await driver.pipe(name, { key, value, timestamp, headers })
    await driver.crash()
    await driver.pipe('stream', { key: 'a', value: 's2', timestamp: 20 })
    await driver.crash()
    await driver.pipe('stream', { key: 'z', value: 'flush', timestamp: 40 })
    const read = driver.read('out')
    expect(read.map(({ value }) => value)).to.deep.equal([
      's1+late, and in time for s1',
      's2+late, and in time for s1',
    ])
    expect(read[0]!.headers).to.deep.equal([['h', Buffer.from('s1')]])
    await driver.close()
    rmSync(dir, { recursive: true })
  })

  it('should refuse a table without history when it is said', () => {
    for (const type of ['inner', 'left'] as const) {
      expect(() => waiting(10, type, null))
        .to.throw('step "joined" has a grace period, but table "rows" keeps its newest rows only')
        .with.property('code', 'CONFIG')
    }
  })
})
