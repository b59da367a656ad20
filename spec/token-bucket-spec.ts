import { expect } from 'chai'
import fc from 'fast-check'
import { TokenBucket } from '../lib/token-bucket.ts'

/** Time that goes on only as it is waited for, or driven. */
function virtualClock() {
  const clock = {
    at: 0,
    now: () => clock.at,
    async pause(milliseconds: number) {
      clock.at += milliseconds
    },
  }
  return clock
}

const never = new AbortController().signal

describe('a token bucket', () => {
  it('should give a tenth of a second’s at once, and then so many a second', async () => {
    const clock = virtualClock()
    const bucket = new TokenBucket(100, clock)
    const times: number[] = []
    for (let i = 0; i < 30; i++) {
      await bucket.wait(1, never)
      times.push(clock.at)
    }
    expect(times.slice(0, 10)).to.deep.equal(Array(10).fill(0))
    expect(times.slice(10).map(Math.round)).to.deep.equal(Array.from({ length: 20 }, (_, i) => (i + 1) * 10))
  })

  it('should give as much as is asked for, and let it be waited for', () => {
    const clock = virtualClock()
    const bucket = new TokenBucket(100, clock)
    expect(bucket.take(1010)).to.equal(10_000)
    expect(bucket.take(1)).to.equal(10_010)
    clock.at = 20_000
    expect(bucket.take(10)).to.equal(0)
  })

  it('should not make up for a pause', () => {
    const clock = virtualClock()
    const bucket = new TokenBucket(100, clock)
    clock.at = 3_600_000
    expect(bucket.take(10)).to.equal(0)
    expect(bucket.take(1)).to.equal(10)
  })

  it('should let one through at once, however slow', () => {
    const bucket = new TokenBucket(1 / 60, virtualClock())
    expect(bucket.take(1)).to.equal(0)
    expect(Math.round(bucket.take(1))).to.equal(60_000)
  })

  it('should serve all who share it in turn, and none more than its rate', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 500 })), {
          minLength: 1,
        }),
        async (perSecond, asked) => {
          const clock = virtualClock()
          const bucket = new TokenBucket(perSecond, clock)
          const uses: { readonly at: number; readonly count: number }[] = []
          for (const [count, later] of asked) {
            clock.at += later
            uses.push({ at: clock.at + bucket.take(count), count })
          }
          // In the order in which they came; and up to each use, no more than the rate and what comes at once.
          let sum = 0
          for (const [index, { at, count }] of uses.entries()) {
            sum += count
            expect(at).to.be.at.least(uses[index - 1]?.at ?? 0)
            expect(sum).to.be.at.most((at / 1000) * perSecond + Math.max(1, perSecond / 10) + 1e-6)
          }
        },
      ),
    )
  })

  it('should stop waiting when aborted', async () => {
    const bucket = new TokenBucket(1 / 3600)
    const abort = new AbortController()
    const reason = new Error('the assignment has ended')
    await bucket.wait(1, abort.signal)
    const waiting = bucket.wait(1, abort.signal).catch((error: unknown) => error)
    abort.abort(reason)
    expect(await waiting).to.equal(reason)
  })
})
