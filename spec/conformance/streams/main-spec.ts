import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { temporaryFiles } from './temporary-files.ts'

interface Ended {
  readonly code: unknown
  readonly stdout: string
  readonly stderr: string
}

/** The command as `npm run conformance` starts it. */
async function conformance(...args: string[]): Promise<Ended> {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  const [, main] = scripts.conformance!.split(' ')
  return await new Promise((resolve) => {
    execFile(process.execPath, [main!, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    )
  })
}

describe('npm run conformance', () => {
  it('should show its options with --help', async () => {
    const { code, stdout } = await conformance('--help')
    expect(code).to.equal(0)
    for (const option of ['<dir...>', '--store', '--only', '--write', '--broker'])
      expect(stdout).to.include(option)
  })

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no directory', [], /missing required argument 'dir'/],
    ['an unknown option', ['spec/golden', '--fast'], /unknown option '--fast'/],
    ['an unknown kind of store', ['spec/golden', '--store', 'tape'], /memory, disk/],
    ['an unknown broker', ['spec/golden', '--broker', 'pigeon'], /kafka/],
    ['an unknown id', ['spec/golden', '--only', 'conut'], /no topology has the id conut/],
  ]
  for (const [what, args, said] of wrong) {
    it(`should exit with 2 when given ${what}`, async () => {
      const { code, stdout, stderr } = await conformance(...args)
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr).to.match(said)
    })
  }

  it('should exit with 1 when there is nothing to read', async () => {
    await using directory = await temporaryFiles({})
    const empty = await conformance(directory.path)
    expect([empty.code, empty.stdout.endsWith('\n0 passed, 0 failed\n')]).to.deep.equal([1, true])
    const missing = await conformance(`${directory.path}/nowhere`)
    expect([missing.code, missing.stdout.endsWith('\n0 passed, 1 failed\n')]).to.deep.equal([1, true])
  })

  it('should exit with 2 on a file of an unknown topology', async () => {
    await using directory = await temporaryFiles({
      'a.json': { topology: 'conut', params: {}, inputs: [], outputs: [], stores: {} },
    })
    const { code, stdout } = await conformance(directory.path)
    expect(code).to.equal(2)
    expect(stdout)
      .to.include('conut: 1 file\n')
      .and.match(/\n0 passed, 0 failed\n$/)
  })
})
