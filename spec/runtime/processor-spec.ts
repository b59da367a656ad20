import { expect } from 'chai'
import { type Forward, map, process as processed, sink } from '../../lib/index.ts'
import { jsonTopology, output, process } from '../support/pipeline.ts'

describe('processor', () => {
  const slowly = jsonTopology<number>((input) =>
    input.pipe(
      map('slow', (value) => {
        const begun = performance.now()
        while (performance.now() - begun < 10);
        return value
      }),
      sink('out', output),
    ),
  )
  const values = Array.from({ length: 40 }, (_, i) => i)

  it('should let timers run while the callbacks of a micro-batch take long', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 10)
    const { out } = await process(slowly, [values])
    clearInterval(timer)
    expect(out).to.deep.equal(values)
    expect(ticks).to.be.greaterThan(2)
  })

  it('should give a micro-batch up when its assignment ends', async () => {
    const assignment = new AbortController()
    setTimeout(() => assignment.abort(new Error('revoked')), 10)
    const failure = await process(slowly, [values], { signal: assignment.signal }).catch((error) => error)
    expect(failure).to.have.property('message', 'revoked')
  })

  it('should do what is due by the wall clock however many records there are', async () => {
    const ticking = jsonTopology<number>((input) =>
      input.pipe(
        processed('tick', {}, ({ schedule }, forward: Forward<unknown>) => {
          schedule('wall-clock', 10, (time) => forward({ value: time }))
          return (value) => forward({ value: `record ${value}` })
        }),
        sink('out', output),
      ),
    )
    let time = 0
    const clock = {
      get now() {
        time += 5
        return time
      },
    }
    const { out } = await process(ticking, [[1], [2], [3], [4]], clock)
    expect(out.filter((value) => typeof value === 'string')).to.have.lengthOf(4)
    expect(out.findIndex((value) => typeof value === 'number')).to.be.within(1, out.length - 2)
  })
})
