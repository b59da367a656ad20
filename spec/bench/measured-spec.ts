import { expect } from 'chai'
import { measured } from '../../bench/race/measured.ts'

/** Some 150 MiB, and half a second of one core, in a process that another one has started. */
const BUSY = `
  const held = Buffer.alloc(150 << 20, 1)
  const until = process.cpuUsage().user + 500_000
  while (process.cpuUsage().user < until) Math.sqrt(held[0])
`
const CHILD = `require('node:child_process').spawnSync(process.execPath, ['-e', process.env.BUSY])`

describe('what a contestant takes', () => {
  it('should be that of all processes it starts', async () => {
    const took = await measured({ argv: [process.execPath, '-e', CHILD], env: { BUSY } }, undefined)
    expect(took['cpu s']).to.be.within(0.5, 5)
    expect(took['wall s']).to.be.at.least(0.5)
    expect(took['peak MiB']).to.be.within(150, 1000)
    expect(took).not.to.have.property('broker cpu s')
  })

  it('should be asked for in vain of one that fails: its last words are told', async () => {
    const argv = [process.execPath, '-e', 'console.error("no such topic"); process.exit(3)'] as const
    const failed = await measured({ argv, env: {} }, undefined).catch((error: Error) => error)
    expect(failed).to.be.an('error')
    expect((failed as Error).message).to.match(/ended with 3:\nno such topic/)
  })
})
