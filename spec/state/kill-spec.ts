import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { failureOf } from '../conformance/failure-of.ts'
import { change, contents } from './saves.ts'
import { stateFolders } from './state-folder.ts'

const script = fileURLToPath(new URL('saving-process.ts', import.meta.url))
const STORES = ['counts', 'notes']
const KILLS = 8

/** Starts the process, kills it when it has done so many saves more, and resolves with the last that it told of. */
async function killAfter(saves: number, dir: string, atWork: () => Promise<void>): Promise<number> {
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  const ended = once(child, 'close')
  let told = 0
  let first: number | undefined
  for await (const line of createInterface(child.stdout)) {
    if (first === undefined) await atWork()
    told = Number(line.replace('open ', ''))
    first ??= told
    if (told - first >= saves) child.kill('SIGKILL')
  }
  const [, signal] = await ended
  process.off('exit', onExit)
  expect(signal).to.equal('SIGKILL')
  return told
}

describe('state on disk, of a process that is killed', () => {
  const folder = stateFolders()

  it('should be what the last save or the one after it has made', async function () {
    this.timeout(60_000)
    const dir = folder()
    const expected = memoryState()
    let done = 0
    for (let kill = 1; kill <= KILLS; kill++) {
      const told = await killAfter(kill * 3, dir, async () => {})
      const state = await openDiskState(dir)
      const saved = Number(state.meta.n)
      expect(saved).to.be.within(told, told + 1)
      while (done < saved) change(expected, ++done)
      expect(contents(state, ...STORES)).to.deep.equal(contents(expected, ...STORES))
      await state.close()
    }
  })

  it('should be refused to another process until then', async function () {
    this.timeout(20_000)
    const dir = folder()
    await killAfter(1, dir, async () => {
      const error = await failureOf(openDiskState(dir))
      expect(error.code).to.equal('CONFIG')
      expect(error.message).to.include(dir).and.to.include('MILLRACE_STATE_DIR')
    })
    await (await openDiskState(dir)).close()
  })
})
