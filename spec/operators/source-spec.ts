import { expect } from 'chai'
import { json, type LastResort, map, sink, topic, topology } from '../../lib/index.ts'
import { testDriver } from '../../lib/testing/index.ts'
import { failureOf } from '../conformance/failure-of.ts'
import { jsonTopology, Keyed, output, process } from '../support/pipeline.ts'

const echo = jsonTopology<unknown>((input) =>
  input.pipe(
    map('key', (value, { key, timestamp }) => ({ key, timestamp, value })),
    sink('out', output),
  ),
)

describe('source', () => {
  it('should hand on value, key and timestamp', async () => {
    const { out } = await process(echo, [[new Keyed('v', { key: Buffer.from('ключ'), timestamp: 7 })]])
    expect(out).to.deep.equal([{ key: 'ключ', timestamp: 7, value: 'v' }])
  })

  it('should send what can not be decoded to the dead letters, and go on', async () => {
    const { out, letters } = await process(echo, [[Buffer.from('{'), 'good', null]])
    expect(out).to.have.length(1)
    expect(letters).to.have.length(2)
    expect(letters[1]).to.equal('input: no value (tombstone)')
  })

  it('should refuse a key that is no UTF-8', async () => {
    const { letters } = await process(echo, [[new Keyed('v', { key: Buffer.from([0xff, 0xfe]) })]])
    expect(letters).to.have.length(1)
  })

  it('should refuse what is dated more than five minutes ahead', async () => {
    const { out, letters } = await process(
      echo,
      [[new Keyed('ahead', { timestamp: 300_002 }), new Keyed('edge', { timestamp: 300_001 })]],
      { now: 1 },
    )
    expect(out).to.have.length(1)
    expect(letters).to.deep.equal(['input: timestamp more than 300000 ms ahead of the clock'])
  })

  const reading = (onError: LastResort) =>
    topology('spec', ({ source }) => {
      source('input', topic('in', { value: json() }), { onError }).pipe(
        sink('out', topic('out', { value: json() })),
      )
    })

  it('should only count what can not be decoded, where it is to be skipped', async () => {
    const driven = await testDriver(reading('skip'))
    await driven.pipe('in', { key: 'a', value: null, timestamp: 1 })
    await driven.pipe('in', { key: 'a', value: 'good', timestamp: 1 })
    expect(driven.read().map(({ topic }) => topic)).to.deep.equal(['out'])
  })

  it('should stop at what can not be decoded, where it is to fail', async () => {
    const driven = await testDriver(reading('fail'))
    const error = await failureOf(driven.pipe('in', { key: 'a', value: null, timestamp: 1 }))
    expect(error.message).to.equal('step "input" can\'t go on at in/0/0: no value (tombstone)')
  })
})
