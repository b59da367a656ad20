import { expect } from 'chai'
import { backoffDelay, retrying } from '../lib/backoff.ts'

const always = () => true
const failing = (times: number) => {
  const state = { calls: 0 }
  const call = async () => {
    if (++state.calls <= times) throw new Error(`failure ${state.calls}`)
    return 'done'
  }
  return { state, call }
}

describe('backoff delay', () => {
  it('should double up to its cap', () => {
    const longest = [1, 2, 3, 4, 5, 6].map((attempt) => backoffDelay(attempt, 100, 1000, () => 1))
    expect(longest).to.deep.equal([100, 200, 400, 800, 1000, 1000])
  })

  it('should take any part of that, so that clients do not come back all at once', () => {
    expect([0, 0.25, 0.5].map((random) => backoffDelay(3, 100, 1000, () => random))).to.deep.equal([
      0, 100, 200,
    ])
  })

  it('should stay at its cap after a thousand attempts', () => {
    expect(backoffDelay(2000, 100, 1000, () => 1)).to.equal(1000)
  })
})

describe('retrying', () => {
  it('should call once when that succeeds', async () => {
    const { state, call } = failing(0)
    expect(await retrying(call, { when: always })).to.equal('done')
    expect(state.calls).to.equal(1)
  })

  it('should call until it succeeds, telling of each failure before it waits', async () => {
    const told: unknown[] = []
    const { call } = failing(3)
    const onRetry = (error: unknown, attempt: number, wait: number) =>
      void told.push([(error as Error).message, attempt, wait >= 0 && wait <= 2])
    expect(await retrying(call, { when: always, base: 1, cap: 2, onRetry })).to.equal('done')
    expect(told).to.deep.equal([1, 2, 3].map((n) => [`failure ${n}`, n, true]))
  })

  it('should give up at once what is not worth another attempt', async () => {
    const { state, call } = failing(9)
    const error = await retrying(call, { when: () => false }).catch((caught: unknown) => caught)
    expect(error).to.have.property('message', 'failure 1')
    expect(state.calls).to.equal(1)
  })

  it('should reject with the last error after its attempts', async () => {
    const { state, call } = failing(9)
    const error = await retrying(call, { when: always, attempts: 3, base: 1 }).catch(
      (caught: unknown) => caught,
    )
    expect(error).to.have.property('message', 'failure 3')
    expect(state.calls).to.equal(3)
  })

  it('should end its wait when aborted, with the reason', async () => {
    const abort = new AbortController()
    const reason = new Error('over')
    const { state, call } = failing(9)
    const onRetry = () => void setImmediate(() => abort.abort(reason))
    const error = await retrying(call, {
      when: always,
      base: 3_600_000,
      cap: 3_600_000,
      onRetry,
      signal: abort.signal,
    }).catch((caught: unknown) => caught)
    expect(error).to.equal(reason)
    expect(state.calls).to.equal(1)
  })
})
