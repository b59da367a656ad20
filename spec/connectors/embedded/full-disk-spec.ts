import { execFileSync, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openEmbeddedBroker } from '../../../connectors/embedded/index.ts'
import { BrokerHarness } from '../../conformance/broker-harness.ts'
import { logFolder } from './log-folder.ts'

interface Said {
  readonly acknowledged?: number
  readonly error?: { readonly code: string; readonly message: string; readonly retriable: boolean }
}

const script = fileURLToPath(new URL('full-disk-process.ts', import.meta.url))

describe('embedded log on a full disk', () => {
  const dir = logFolder()

  it('should say so, go on when there is room, and hold all that was acknowledged', async () => {
    const child = fork(script, [dir])
    const messages = on(child, 'message') as AsyncIterator<[Said]>
    const acknowledged: number[] = []
    const until = async (holds: (said: Said) => boolean): Promise<Said> => {
      for (;;) {
        const [said] = (await messages.next()).value
        if (said.acknowledged !== undefined) acknowledged.push(said.acknowledged)
        if (holds(said)) return said
      }
    }
    await until(() => acknowledged.length === 20)
    // Full in the middle of a record: LevelDB's next log has room again.
    allowFileBytes(child.pid!, String(writeAheadBytes(dir) + 5_000))
    await until(() => acknowledged.length === 40)
    allowFileBytes(child.pid!, '0')
    const { error } = await until((said) => said.error !== undefined)
    expect(error).to.deep.include({ code: 'UNREACHABLE', retriable: true })
    expect(error!.message).to.include('disk is full').and.include(dir).and.not.include('kkk')
    const before = acknowledged.length
    allowFileBytes(child.pid!, 'unlimited')
    await until(() => acknowledged.length === before + 20)
    child.kill('SIGKILL')
    await once(child, 'exit')

    const harness = new BrokerHarness(await openEmbeddedBroker({ dir }))
    const held = new Set((await harness.readAll('full')).map(({ value }) => Number(String(value))))
    expect(acknowledged.filter((number) => !held.has(number))).to.deep.equal([])
    await harness.broker.close()
  })
})

/** A limit on the size of a process's files stands in for the disk: the same calls fail in the same places. */
function allowFileBytes(pid: number, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])
}

function writeAheadBytes(dir: string): number {
  const files = readdirSync(join(dir, 'log')).filter((name) => name.endsWith('.log'))
  return Math.max(...files.map((name) => statSync(join(dir, 'log', name)).size))
}
