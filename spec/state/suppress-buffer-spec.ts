import { expect } from 'chai'
import { stringKey } from '../../lib/contract/serde.ts'
import { windowedKey } from '../../lib/contract/windowed-key.ts'
import { type Context, type Headers, NO_HEADERS } from '../../lib/record.ts'
import { openDiskState } from '../../lib/state/disk-state.ts'
import type { HeldUpdate } from '../../lib/state/held-update.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { SuppressBuffer } from '../../lib/state/suppress-buffer.ts'
import type { KeyValueSpec } from '../../lib/topology/store.ts'
import type { Format } from '../../lib/topology/topic.ts'
import { stateFolders } from './state-folder.ts'

const folder = stateFolders()

const specOf = (key: Format<unknown>): KeyValueSpec => ({
  kind: 'key-value',
  name: 'held',
  timestamped: false,
  key,
  value: stringKey as Format<unknown>,
})
const plain = specOf(stringKey as Format<unknown>)
const windowed = specOf(windowedKey() as Format<unknown>)

function contextOf(key: unknown, timestamp: number, headers: Headers = NO_HEADERS): Context {
  const place = { topic: 'in', partition: 0, offset: timestamp }
  const raw = { ...place, key: Buffer.from('raw'), value: null, timestamp, headers }
  return { ...place, key, timestamp, headers, raw }
}

const change = (old: string | null, now: string | null) => ({ old, new: now, latest: true })

/** Takes out all, or as many as told: `key=old>new@timestamp`. */
function taken(buffer: SuppressBuffer, most = Number.POSITIVE_INFINITY): string[] {
  const shown: string[] = []
  const show = ({ change: { old, new: now }, context: { key, timestamp } }: HeldUpdate) =>
    void shown.push(`${typeof key === 'string' ? key : JSON.stringify(key)}=${old}>${now}@${timestamp}`)
  buffer.evictWhile(() => shown.length < most, show)
  return shown
}

describe('the buffer of suppress', () => {
  let buffer: SuppressBuffer
  beforeEach(() => {
    buffer = new SuppressBuffer(plain, memoryState().bytes('held'))
  })

  it('should be empty at first', () => {
    expect([buffer.records, buffer.size, buffer.earliest]).to.deep.equal([0, 0, Number.POSITIVE_INFINITY])
    expect(taken(buffer)).to.deep.equal([])
  })

  it('should give the earliest first, and those of one time by key bytes', () => {
    for (const [key, time] of [
      ['é', 20],
      ['z', 20],
      ['b', 10],
      ['ab', 20],
      ['a', 20],
    ] as const) {
      buffer.put(time, change(null, 'v'), contextOf(key, time))
    }
    expect(buffer.earliest).to.equal(10)
    expect(taken(buffer, 1)).to.deep.equal(['b=null>v@10'])
    expect(buffer.earliest).to.equal(20)
    expect(taken(buffer)).to.deep.equal(['a', 'ab', 'z', 'é'].map((key) => `${key}=null>v@20`))
    expect([buffer.records, buffer.size]).to.deep.equal([0, 0])
  })

  it('should keep the place of the first update of a key, and the last update', () => {
    buffer.put(10, change('0', '1'), contextOf('a', 10))
    buffer.put(20, change(null, '2'), contextOf('b', 20))
    buffer.put(30, change('1', '3'), contextOf('a', 30))
    buffer.put(5, change('3', null), contextOf('a', 5))
    expect(buffer.records).to.equal(2)
    expect(taken(buffer)).to.deep.equal(['a=3>null@5', 'b=null>2@20'])
  })

  it('should order windows by the bytes of the key, then the end', () => {
    buffer = new SuppressBuffer(windowed, memoryState().bytes('held'))
    for (const [key, start] of [
      ['b', 0],
      ['a', 300],
      ['a', 20],
    ] as const) {
      buffer.put(50, change(null, 'v'), contextOf({ key, start, end: start + 10 }, 50))
    }
    expect(taken(buffer)).to.deep.equal([
      '{"key":"a","start":20,"end":30}=null>v@50',
      '{"key":"a","start":300,"end":310}=null>v@50',
      '{"key":"b","start":0,"end":10}=null>v@50',
    ])
  })

  // The figures are those that Kafka Streams 4.3.1 names when such a buffer is full.
  it('should count bytes as Kafka Streams does', () => {
    const sizes = [change(null, '1'), change('1', '12'), change('12', '123')].map((update, index) => {
      buffer.put(10, update, contextOf('a', 10 * index))
      return buffer.size
    })
    expect(sizes).to.deep.equal([32, 34, 36])
    buffer.put(10, change(null, '1'), contextOf('b', 10))
    expect(buffer.size).to.equal(36 + 32)
    taken(buffer, 1)
    expect(buffer.size).to.equal(32)
  })

  it('should count the row before only once while it is the one last replaced', () => {
    buffer.put(10, change('1234', '12'), contextOf('a', 10))
    expect(buffer.size).to.equal(31 + 4 + 2)
    buffer.put(10, change('12', '1'), contextOf('a', 10))
    expect(buffer.size).to.equal(31 + 4 + 2 + 1)
  })

  it('should count windows and sessions as Kafka Streams does', () => {
    const context = contextOf({ key: 'a', start: 0, end: 100 }, 10)
    const tumbling = new SuppressBuffer(windowed, memoryState().bytes('held'), 8)
    tumbling.put(10, change(null, '1'), context)
    expect(tumbling.size).to.equal(40)
    const session = new SuppressBuffer(windowed, memoryState().bytes('held'))
    session.put(10, change(null, '1'), context)
    expect(session.size).to.equal(48)
  })

  it('should count headers', () => {
    buffer.put(10, change(null, '1'), contextOf('a', 10, [['name', Buffer.from('value')]]))
    expect(buffer.size).to.equal(32 + 9)
  })

  it('should have an update until it has been shown', () => {
    buffer.put(10, change(null, '1'), contextOf('a', 10))
    buffer.evictWhile(
      () => true,
      () => expect(buffer.records).to.equal(1),
    )
    expect(buffer.records).to.equal(0)
  })

  it('should give an update with its headers and the record that it came from', () => {
    const own: Headers = [
      ['h', Buffer.from('1')],
      ['h', Buffer.from('2')],
    ]
    const context = contextOf('a', 10, own)
    const bare = { ...contextOf('b', 10, own), headers: NO_HEADERS }
    for (const one of [context, bare]) buffer.put(10, change(null, '1'), one)
    const found: Context[] = []
    buffer.evictWhile(
      () => true,
      (update) => void found.push(update.context),
    )
    expect(found).to.deep.equal([context, bare])
  })

  it('should be as it was when it is opened again', async () => {
    const dir = folder()
    const before = await openDiskState(dir)
    const first = new SuppressBuffer(plain, before.bytes('held'))
    for (const [key, time] of [
      ['a', 20],
      ['b', 10],
      ['c', 30],
    ] as const) {
      first.put(time, change('0', '1'), contextOf(key, time))
    }
    taken(first, 1)
    await before.save({})
    await before.close()
    const after = await openDiskState(dir)
    const second = new SuppressBuffer(plain, after.bytes('held'))
    expect([second.records, second.size, second.earliest]).to.deep.equal([2, first.size, 20])
    second.put(40, change('1', '2'), contextOf('a', 40))
    expect(taken(second)).to.deep.equal(['a=1>2@40', 'c=0>1@30'])
    await after.close()
  })
})
