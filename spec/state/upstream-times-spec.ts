import { expect } from 'chai'
import { NO_TIME } from '../../lib/state/operator-time.ts'
import { UpstreamTimes } from '../../lib/state/upstream-times.ts'
import { seededRandom } from '../../lib/testing/random.ts'

const IDLE = Number.POSITIVE_INFINITY

describe('UpstreamTimes', () => {
  it('should be as far as the slowest, whatever they say and in whatever order', () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
    const random = seededRandom(seed)
    const tasks = ['0_0', '0_1', '0_2']
    const times = new UpstreamTimes(tasks)
    const said = new Map(tasks.map((task) => [task, NO_TIME]))
    for (let n = 0; n < 2_000; n++) {
      const task = tasks[Math.floor(random() * 3)]!
      // Few different times, so that two are often equally slow; back in time, too.
      const time = random() < 0.1 ? IDLE : Math.floor(random() * 6)
      said.set(task, time)
      times.told(task, time)
      expect(times.floor, `SEED=${seed}, step ${n}`).to.equal(Math.min(...said.values()))
    }
  })

  it('should not hear tasks that it does not know', () => {
    const times = new UpstreamTimes(['0_0'], { '0_0': '7' })
    times.told('0_9', 1)
    expect([times.floor, [...times.entries()]]).to.deep.equal([7, [['0_0', 7]]])
  })
})
