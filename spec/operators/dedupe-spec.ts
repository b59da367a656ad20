import { expect } from 'chai'
import { type DedupeOptions, dedupe, keyBy, type Stream } from '../../lib/index.ts'
import { subTopologiesOf } from '../../lib/topology/sub-topologies.ts'
import { failureOf } from '../contract/failure-of.ts'
import { chain, driven, type Short } from '../support/driven.ts'

const deduped = (options: DedupeOptions) => chain<unknown>((input) => input.pipe(dedupe('seen', options)))

/** Records of key `a` unless told, each with its time as value. */
const at = (...times: readonly number[]): Short[] => times.map((time) => ['a', time, time])

async function passing(options: DedupeOptions, inputs: readonly Short[]) {
  const { out, counters } = await driven(deduped(options), inputs)
  expect(counters.get('seen', 'duplicate')).to.equal(inputs.length - out.length)
  return out.map(([, value]) => value)
}

describe('dedupe', () => {
  it('should hand on nothing of nothing', async () => {
    expect(await passing({ within: 5 }, [])).to.deep.equal([])
  })

  it('should drop what comes within the time of a record that passed, before or after it, the ends included', async () => {
    expect(await passing({ within: 5 }, at(20, 25, 26, 15, 14))).to.deep.equal([20, 26, 14])
  })

  it('should count duplicates alone where it does not extend', async () => {
    expect(await passing({ within: 5 }, at(0, 5, 10))).to.deep.equal([0, 10])
    expect(await passing({ within: 5, extend: true }, at(0, 5, 10, 15, 21))).to.deep.equal([0, 21])
  })

  it('should take each key by itself, and know records without a value', async () => {
    const inputs: Short[] = [
      ['a', 1, 10],
      ['b', 2, 10],
      ['b', null, 10],
      ['c', null, 10],
    ]
    expect(await passing({ within: 5 }, inputs)).to.deep.equal([1, 2, null])
  })

  it('should let records without a key pass', async () => {
    const inputs: Short[] = [
      [null, 1, 10],
      [null, 1, 10],
    ]
    expect(await passing({ within: 5 }, inputs)).to.deep.equal([1, 1])
  })

  it('should find the duplicates of records that are late by its time, and forget them then', async () => {
    const early = ['a', 'early', 100] as const
    const ahead = (time: number) => ['b', 'ahead', time] as const
    const late = ['a', 'late', 105] as const
    expect(await passing({ within: 5 }, [early, ahead(110), late])).to.deep.equal(['early', 'ahead'])
    expect(await passing({ within: 5 }, [early, ahead(111), late])).to.deep.equal(['early', 'ahead', 'late'])
    const longer = { within: 5, retention: 12 }
    expect(await passing(longer, [early, ahead(111), late])).to.deep.equal(['early', 'ahead'])
  })

  it('should refuse to forget before a duplicate can come', () => {
    const input = undefined as never as Stream<string, unknown>
    expect(failureOf(() => dedupe('seen', { within: '1m', retention: '59s' })(input))).to.match(
      /step "seen" would forget records after 59000 ms, before the 60000 ms are over/,
    )
  })

  it('should get all records of a key in one place', () => {
    const said = chain<string>((input) =>
      input.pipe(
        keyBy('by-value', (value) => value),
        dedupe('seen', { within: 5 }),
      ),
    )
    expect(subTopologiesOf(said)).to.have.length(2)
  })
})
