import { execFileSync, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openDiskState } from '../../lib/state/disk-state.ts'
import { memoryState } from '../../lib/state/memory-state.ts'
import { change, contents } from './saves.ts'
import { stateFolders } from './state-folder.ts'

interface Said {
  readonly saved?: number
  readonly failed?: string
  readonly again?: string
  readonly meta?: string
}

const script = fileURLToPath(new URL('full-disk-process.ts', import.meta.url))
const STORES = ['counts', 'notes']

describe('state on a full disk', () => {
  const folder = stateFolders()

  it('should say so, save nothing more until it is opened again, and hold what was saved', async () => {
    const dir = folder()
    const child = fork(script, [dir])
    const messages = on(child, 'message') as AsyncIterator<[Said]>
    let saved = 0
    const until = async (holds: (said: Said) => boolean): Promise<Said> => {
      for (;;) {
        const [said] = (await messages.next()).value
        saved = said.saved ?? saved
        if (holds(said)) return said
      }
    }
    await until(() => saved === 5)
    // Full in the middle of a save: what LevelDB appended after it would be lost.
    allowFileBytes(child.pid!, String(writeAheadBytes(dir) + 5_000))
    const { failed, again, meta } = await until((said) => said.failed !== undefined)
    expect(failed).to.include(dir).and.to.include('the disk is full')
    expect(again).to.equal(failed)
    expect(meta).to.equal(String(saved))
    const before = saved
    allowFileBytes(child.pid!, 'unlimited')
    await until(() => saved >= before + 5)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const state = await openDiskState(dir)
    const expected = memoryState()
    for (let n = 1; n <= Number(state.meta.n); n++) change(expected, n)
    expect(Number(state.meta.n)).to.be.at.least(saved)
    expect(contents(state, ...STORES)).to.deep.equal(contents(expected, ...STORES))
    await state.close()
  }).timeout(30_000)
})

/** A limit on the size of a process's files stands in for the disk: the same calls fail in the same places. */
function allowFileBytes(pid: number, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

function writeAheadBytes(dir: string): number {
  const files = readdirSync(join(dir, 'leveldb')).filter((name) => name.endsWith('.log'))
  return Math.max(...files.map((name) => statSync(join(dir, 'leveldb', name)).size))
}
