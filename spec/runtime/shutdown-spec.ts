import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'chai'

const file = new URL('../../lib/runtime/shutdown.ts', import.meta.url).href
const program = `
  import { onShutdown } from '${file}'
  const busy = setInterval(() => {}, 1000)
  onShutdown((signal) => {
    console.log('asked by ' + signal)
    if (process.env.TWICE) {
      process.once(signal, () => console.log('again'))
      process.kill(process.pid, signal)
    }
    if (process.env.OBEYS) clearInterval(busy)
  })
  console.log('ready')
`

/** A process that does not end by itself is ended after nine seconds; a loaded machine needs some of them. */
const BEFORE_DEADLINE_MS = 6000

/** A process with the program above, once it is ready. */
async function started(
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; said: () => string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await saying(child, () => said.includes('ready'))
  return { child, said: () => said }
}

async function saying(child: ChildProcess, seen: () => boolean): Promise<void> {
  while (!seen()) await once(child.stdout!, 'data')
}

describe('shutdown', () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    it(`should ask at the first ${signal}, and exit with ${code} at the second`, async () => {
      const { child, said } = await started()
      child.kill(signal)
      await saying(child, () => said().includes(`asked by ${signal}`))
      const since = performance.now()
      const again = setInterval(() => child.kill(signal), 50)
      expect(await once(child, 'exit')).to.deep.equal([code, null])
      clearInterval(again)
      expect(performance.now() - since).to.be.below(BEFORE_DEADLINE_MS)
    })
  }

  it('should take any second signal for the second', async () => {
    const { child, said } = await started()
    child.kill('SIGINT')
    await saying(child, () => said().includes('asked'))
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).to.deep.equal([143, null])
  })

  it('should take one that comes twice at once, from the terminal and from npm, for one', async () => {
    // By itself, from its handler of the first: from here it might come too late.
    const { child, said } = await started({ TWICE: 'yes' })
    child.kill('SIGINT')
    await saying(child, () => said().includes('again'))
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).to.deep.equal([143, null])
  })

  it('should not keep a process alive that has stopped', async () => {
    const { child } = await started({ OBEYS: 'yes' })
    const since = performance.now()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).to.deep.equal([0, null])
    expect(performance.now() - since).to.be.below(BEFORE_DEADLINE_MS)
  })
})
