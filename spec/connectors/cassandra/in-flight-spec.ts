import { expect } from 'chai'
import { InFlight } from '../../../connectors/cassandra/in-flight.ts'

const never = new AbortController().signal
const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('work in flight', () => {
  it('should be done for every item, never more than the limit at a time, across callers', async () => {
    const inFlight = new InFlight(3)
    const done: number[] = []
    let most = 0
    const work = async (item: number) => {
      most = Math.max(most, inFlight.running)
      await tick()
      done.push(item)
    }
    await Promise.all([inFlight.each([1, 2, 3, 4, 5], never, work), inFlight.each([6, 7, 8, 9], never, work)])
    expect(done).to.have.members([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(most).to.equal(3)
    expect(inFlight.running).to.equal(0)
  })

  it('should resolve for nothing', async () => {
    await new InFlight(1).each([], never, () => Promise.reject(new Error('unexpected')))
  })

  it('should reject with the first failure and start no more', async () => {
    const inFlight = new InFlight(1)
    const started: number[] = []
    const work = async (item: number) => {
      started.push(item)
      await tick()
      if (item === 2) throw new Error('bad')
    }
    const error = await inFlight.each([1, 2, 3, 4], never, work).catch((reason: Error) => reason.message)
    expect(error).to.equal('bad')
    await tick()
    expect(started).to.deep.equal([1, 2])
    expect(inFlight.running).to.equal(0)
  })

  it('should reject at once on abort, but keep the places of what is still running', async () => {
    const inFlight = new InFlight(2)
    const abort = new AbortController()
    const running = Promise.withResolvers<void>()
    const each = inFlight.each([1, 2, 3], abort.signal, () => running.promise)
    await tick()
    abort.abort('revoked')
    expect(await each.catch((reason: unknown) => reason)).to.equal('revoked')
    expect(inFlight.running).to.equal(2)
    running.resolve()
    await tick()
    expect(inFlight.running).to.equal(0)
  })

  it('should start nothing for a signal that has aborted', async () => {
    let started = 0
    const work = async () => {
      started++
    }
    const error = await new InFlight(1)
      .each([1], AbortSignal.abort('late'), work)
      .catch((reason: unknown) => reason)
    expect([error, started]).to.deep.equal(['late', 0])
  })
})
