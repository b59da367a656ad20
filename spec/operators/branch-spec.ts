import { expect } from 'chai'
import { branch, json, map, sink, topic, topology } from '../../lib/index.ts'
import { output, process } from '../support/pipeline.ts'

const sized = (withDefault: boolean) =>
  topology('spec', ({ source }) => {
    const numbers = source('input', topic('in', { value: json<number>() }))
    const sizes = numbers.pipe(
      branch('size', {
        small: (n) => {
          if (n === 13) throw new RangeError('unlucky')
          return n < 10
        },
        even: (n) => n % 2 === 0,
      }),
    )
    sizes.small.pipe(
      map('s', (n) => `small ${n}`),
      sink('out-small', output),
    )
    sizes.even.pipe(
      map('e', (n) => `even ${n}`),
      sink('out-even', output),
    )
    if (!withDefault) return
    const { rest } = numbers.pipe(branch('all', { rest: true }))
    rest.pipe(
      map('r', (n) => `any ${n}`),
      sink('out-rest', output),
    )
  })

describe('branch', () => {
  it('should send each record into the first branch that takes it, and count what none takes', async () => {
    const { out, counters } = await process(sized(false), [[4, 12, 11, 2]])
    expect(out).to.deep.equal(['small 4', 'even 12', 'small 2'])
    expect(counters.get('size', 'unrouted')).to.equal(1)
  })

  it('should take everything into a default branch', async () => {
    const { out } = await process(sized(true), [[11]])
    expect(out).to.deep.equal(['any 11'])
  })

  it('should refuse a record on which a predicate throws', async () => {
    const { out, letters } = await process(sized(false), [[13, 14]])
    expect(out).to.deep.equal(['even 14'])
    expect(letters).to.deep.equal(['size: RangeError: unlucky'])
  })
})
