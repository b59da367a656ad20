import { expect } from 'chai'
import {
  count,
  hopping,
  json,
  keyBy,
  sink,
  topic,
  topology,
  tumbling,
  type WindowOptions,
  window,
  windowedKey,
} from '../../lib/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import type { Windows } from '../../lib/windows/windows.ts'
import { failureOf } from '../contract/failure-of.ts'
import { driven, type Short } from '../support/driven.ts'

const counted = (windows: Windows, options: WindowOptions = {}) =>
  topology('spec', ({ source }) => {
    source('input', topic('in', { value: json<string>() }), { nullValues: 'pass' }).pipe(
      window('windows', windows, options),
      count('counts'),
      sink('out', topic('out', { key: windowedKey(), value: json<number>() })),
    )
  })

/** `key@start = count at time` of each update. */
async function updates(said: ReturnType<typeof counted>, inputs: readonly Short[]) {
  const { out, counters } = await driven(said, inputs)
  const shown = out.map(([key, value, timestamp]) => {
    const { key: inner, start, end } = key as { key: string; start: number; end: number }
    return `${inner}@${start}-${end} = ${value} at ${timestamp}`
  })
  return { shown, counters }
}

const at = (...times: number[]): Short[] => times.map((time) => ['a', 'x', time])

describe('window', () => {
  it('should divide the records of each key by time', async () => {
    const { shown } = await updates(counted(tumbling(10)), [...at(9, 10, 19), ['b', 'x', 15], ...at(20)])
    expect(shown).to.deep.equal([
      'a@0-10 = 1 at 9',
      'a@10-20 = 1 at 10',
      'a@10-20 = 2 at 19',
      'b@10-20 = 1 at 15',
      'a@20-30 = 1 at 20',
    ])
  })

  it('should take late records until the grace is over, and drop and count the others', async () => {
    const { shown, counters } = await updates(counted(tumbling(10, { grace: 5 })), at(5, 14, 9, 15, 9, 12))
    expect(shown).to.deep.equal([
      'a@0-10 = 1 at 5',
      'a@10-20 = 1 at 14',
      'a@0-10 = 2 at 9',
      'a@10-20 = 2 at 15',
      'a@10-20 = 3 at 15',
    ])
    expect(counters.get('counts', 'late')).to.equal(1)
  })

  it('should drop a record for those of its windows that have closed', async () => {
    const { shown, counters } = await updates(counted(hopping(10, 5)), at(16, 12))
    expect(shown).to.deep.equal(['a@10-20 = 1 at 16', 'a@15-25 = 1 at 16', 'a@10-20 = 2 at 16'])
    expect(counters.get('counts', 'late')).to.equal(1)
  })

  it('should count records without a value, and ignore those without a key, whose time it does not take', async () => {
    const { shown, counters } = await updates(counted(tumbling(10)), [
      [null, 'x', 100],
      ['a', null, 5],
    ])
    expect(shown).to.deep.equal(['a@0-10 = 1 at 5'])
    expect(counters.get('counts', 'null-key')).to.equal(1)
  })

  it('should show each window once, when it closes, if told to', async () => {
    const { shown } = await updates(
      counted(tumbling(10, { grace: 5 }), { emit: 'close', retention: 1000 }),
      at(5, 9, 14, 15),
    )
    expect(shown).to.deep.equal(['a@0-10 = 2 at 9'])
  })

  it('should serve several aggregations', async () => {
    const said = topology('spec', ({ source }) => {
      const windows = source('input', topic('in', { value: json<string>() })).pipe(
        window('tens', tumbling(10)),
      )
      const out = topic('out', { key: windowedKey(), value: json<number>() })
      windows.pipe(count('first'), sink('first-out', out))
      windows.pipe(count('second'), sink('second-out', out))
    })
    expect((await updates(said, at(5, 6))).shown).to.deep.equal(
      [1, 1, 2, 2].map((n) => `a@0-10 = ${n} at ${4 + n}`),
    )
  })

  it('should be fed through a repartition topic behind a changed key', () => {
    const said = topology('spec', ({ source }) => {
      source('input', topic('in', { value: json<string>() })).pipe(
        keyBy('by-value', (value) => value),
        window('tens', tumbling(10)),
        count('counts'),
        sink('out', topic('out', { key: windowedKey(), value: json<number>() })),
      )
    })
    const [, second] = subTopologiesOf(said)
    expect(second?.inputs.map(({ name }) => name)).to.deep.equal(['tens-repartition'])
  })

  it('should refuse to forget windows that still take records', () => {
    const said = () => counted(tumbling('1m', { grace: '10s' }), { retention: '69s' })
    expect(failureOf(said)).to.match(/windows of step "counts" take records for 70000ms/)
    expect(() => counted(tumbling('1m', { grace: '10s' }), { retention: '70s' })).to.not.throw()
  })
})
