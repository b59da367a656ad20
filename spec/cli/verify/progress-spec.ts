import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'chai'
import { progressOn } from '../../../lib/cli/verify/progress.ts'

/** What is written to something that is no terminal. */
function shown() {
  const stream = new PassThrough()
  const lines: string[] = []
  stream.on('data', (chunk) => lines.push(String(chunk)))
  let now = 0
  const progress = progressOn(stream as unknown as NodeJS.WriteStream, () => now)
  return {
    progress,
    at: (time: number) => {
      now = time
    },
    said: () => lines.join(''),
  }
}

describe('the progress of a verification, where no terminal is', () => {
  it('should be silent when all is done at once', async () => {
    const { progress, at, said } = shown()
    for (let time = 0; time < 10_000; time += 100) {
      at(time)
      progress.tell('users.raw', time, 10_000)
    }
    progress.stop()
    await turn()
    expect(said()).to.equal('')
  })

  it('should be a line every ten seconds, with how much there is where that is known', async () => {
    const { progress, at, said } = shown()
    for (const [time, hop, done, total] of [
      [10_000, 'users.raw', 1000, 2000],
      [15_000, 'users.raw', 1500, 2000],
      [20_000, 'users_by_id', 1_234_567, undefined],
    ] as const) {
      at(time)
      progress.tell(hop, done, total)
    }
    await turn()
    expect(said()).to.equal('verify users.raw: 1,000 of 2,000 read\nverify users_by_id: 1,234,567 read\n')
  })
})
