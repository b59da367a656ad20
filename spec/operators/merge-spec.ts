import { expect } from 'chai'
import { branch, enrich, json, map, merge, sink, topic, topology } from '../../lib/index.ts'
import { output, process } from '../support/pipeline.ts'

describe('merge', () => {
  it('should bring branches together again, each record once', async () => {
    const said = topology('spec', ({ source }) => {
      const numbers = source('input', topic('in', { value: json<number>() }))
      const { even, odd } = numbers.pipe(branch('parity', { even: (n) => n % 2 === 0, odd: true }))
      const halves = odd.pipe(map('halve', (n) => n / 2))
      even.pipe(
        merge('both', halves),
        map('negate', (n) => -n),
        sink('out', output),
      )
    })
    expect((await process(said, [[1, 2, 3]])).out).to.deep.equal([-0.5, -2, -1.5])
  })

  it('should flush what waits before the merge ahead of what waits behind it', async () => {
    const said = topology('spec', ({ source }) => {
      const numbers = source('input', topic('in', { value: json<number>() }))
      const { even, odd } = numbers.pipe(branch('parity', { even: (n) => n % 2 === 0, odd: true }))
      const slow = odd.pipe(enrich('first', async (n) => n * 10))
      even.pipe(
        merge('both', slow),
        enrich('second', async (n) => n + 1),
        sink('out', output),
      )
    })
    expect((await process(said, [[1, 2, 3, 4]])).out).to.have.members([11, 3, 31, 5])
  })
})
