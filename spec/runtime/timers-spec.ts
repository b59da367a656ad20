import { expect } from 'chai'
import { NO_HEADERS } from '../../lib/record.ts'
import { TaskTimers } from '../../lib/runtime/timers.ts'
import { OperatorTime } from '../../lib/state/operator-time.ts'

const place = { topic: 'in', partition: 0, offset: 0, headers: NO_HEADERS }
const at = (timestamp: number) => ({
  ...place,
  timestamp,
  key: null,
  raw: { ...place, timestamp, key: null, value: null },
})

function timers() {
  const clock = { now: 0, floor: Number.POSITIVE_INFINITY }
  const made = new TaskTimers(() => clock.now, new OperatorTime(clock), at(-1))
  const read = (timestamp: number) => {
    made.read(at(timestamp))
    made.due['stream-time']()
  }
  return { clock, made, read }
}

describe('timers', () => {
  it('should be due by stream time at the first record, then at multiples of the interval, once per record', () => {
    const { made, read } = timers()
    const calls: number[] = []
    made.schedule('stream-time', 10, (time) => calls.push(time))
    made.due['stream-time']()
    expect(calls).to.deep.equal([])
    for (const timestamp of [7, 9, 10, 3, 99, 100, 100]) read(timestamp)
    expect(calls).to.deep.equal([7, 10, 99, 100])
  })

  it('should not call anything before what was due earlier', () => {
    const { made, read } = timers()
    const calls: string[] = []
    read(5)
    made.schedule('stream-time', 50, () => calls.push('slow'))
    made.schedule('stream-time', 20, () => calls.push('fast'))
    read(6)
    expect(calls.splice(0)).to.deep.equal(['slow', 'fast'])
    read(70)
    expect(calls).to.deep.equal(['fast', 'slow'])
  })

  it('should call in the same turn what a call has scheduled, if it is due', () => {
    const { made, read } = timers()
    const calls: string[] = []
    made.schedule('stream-time', 10, () => {
      calls.push('outer')
      if (calls.length === 1) made.schedule('stream-time', 10, () => calls.push('inner'))
    })
    read(1)
    expect(calls).to.deep.equal(['outer', 'inner'])
  })

  it('should not call what has been cancelled, by itself or by another due before it', () => {
    const { made, read } = timers()
    const calls: string[] = []
    const cancelSelf = made.schedule('stream-time', 10, () => {
      calls.push('first')
      cancelSelf()
      cancelOther()
    })
    const cancelOther = made.schedule('stream-time', 10, () => calls.push('second'))
    for (const timestamp of [1, 20]) read(timestamp)
    expect(calls).to.deep.equal(['first'])
  })

  it('should go on to the next multiple where a call has thrown', () => {
    const { made, read } = timers()
    made.schedule('stream-time', 10, () => {
      throw new RangeError('unlucky')
    })
    expect(() => read(5)).to.throw('unlucky')
    expect(() => read(9)).to.not.throw()
    expect(() => read(10)).to.throw('unlucky')
  })

  it('should wait behind a repartition topic for the slowest upstream task', () => {
    const { clock, made, read } = timers()
    const calls: number[] = []
    clock.floor = 8
    made.schedule('stream-time', 10, (time) => calls.push(time))
    for (const timestamp of [5, 25]) read(timestamp)
    clock.floor = 15
    made.due['stream-time']()
    expect(calls).to.deep.equal([5, 15])
    expect(made.streamTime).to.equal(15)
  })

  it('should be due by the wall clock one interval after it was scheduled', () => {
    const { clock, made } = timers()
    const calls: number[] = []
    clock.now = 1003
    made.schedule('wall-clock', 10, (time) => calls.push(time))
    for (const now of [1004, 1012, 1013, 1014, 1055, 1062, 1063]) {
      clock.now = now
      made.due['wall-clock']()
    }
    expect(calls).to.deep.equal([1013, 1055, 1063])
  })
})
