import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'chai'

const url = (path: string) => new URL(`../../../lib/${path}`, import.meta.url).href
const program = `
  import { allowClosedOutput } from '${url('cli/up/closed-output.ts')}'
  import { onShutdown } from '${url('runtime/shutdown.ts')}'
  allowClosedOutput()
  if (process.env.GOES_ON) onShutdown(() => process.exit(7))
  let lines = 0
  setInterval(() => {
    process.stdout.write('line\\n')
    if (!process.env.GOES_ON && ++lines > 50) process.exit(0)
  }, 5)
`

async function endedWithoutReader(env: Record<string, string>): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await once(child, 'close')
  return { code, stderr }
}

describe('output that is closed', () => {
  it('should ask work to stop that goes on until asked', async () => {
    expect(await endedWithoutReader({ GOES_ON: 'yes' })).to.deep.equal({ code: 7, stderr: '' })
  })

  it('should let other work come to its end', async () => {
    expect(await endedWithoutReader({})).to.deep.equal({ code: 0, stderr: '' })
  })
})
