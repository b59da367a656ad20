import { expect } from 'chai'
import { CallsInTurn } from '../../lib/broker/calls-in-turn.ts'
import { MillraceError } from '../../lib/errors.ts'
import { failureOf } from '../conformance/failure-of.ts'

describe('calls in turn', () => {
  it('should begin a call when the one before has ended', async () => {
    const turns = new CallsInTurn()
    const first = Promise.withResolvers<void>()
    const done: string[] = []
    const calls = [
      turns.run(async () => {
        await first.promise
        done.push('first')
      }),
      turns.run(async () => {
        done.push('second')
      }),
    ]
    first.resolve()
    await Promise.all(calls)
    expect(done).to.deep.equal(['first', 'second'])
    expect(turns.failed).to.equal(false)
  })

  it('should make none after the first that failed, and reject as that did', async () => {
    const turns = new CallsInTurn()
    let made = 0
    const failing = turns.run(() => Promise.reject(new MillraceError('UNREACHABLE', 'gone')))
    const later = turns.run(async () => {
      made++
    })
    expect((await failureOf(failing)).message).to.equal('gone')
    expect((await failureOf(later)).message).to.equal('gone')
    expect(turns.failed).to.equal(true)
    expect(made).to.equal(0)
  })

  it('should end when the calls made before have ended', async () => {
    const turns = new CallsInTurn()
    let made = 0
    const before = turns.run(async () => {
      made++
    })
    await turns.end(new MillraceError('INTERNAL', 'closed'))
    await before
    expect(made).to.equal(1)
    expect((await failureOf(turns.run(async () => {}))).message).to.equal('closed')
  })
})
