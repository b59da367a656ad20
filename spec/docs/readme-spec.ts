import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readmeBlocks } from '../support/readme.ts'
import { faultsIn } from './compile.ts'

const root = new URL('../..', import.meta.url).pathname
const [, testing] = readmeBlocks('ts')

/** As a program of the repository, which has no package of its own name. */
const here = (text: string) =>
  text
    .replace("'millrace'", `'${root}lib/index.ts'`)
    .replace("'millrace/kafka'", `'${root}connectors/kafka/index.ts'`)
    .replace("'millrace/testing'", `'${root}lib/testing/index.ts'`)

describe("README's example of a test", () => {
  let directory: string
  before(() => {
    mkdirSync(join(root, '.millrace'), { recursive: true })
    directory = mkdtempSync(join(root, '.millrace/readme-'))
  })
  after(() => rmSync(directory, { recursive: true }))

  async function run(name: string, text: string): Promise<unknown> {
    const file = join(directory, name)
    writeFileSync(file, here(text))
    return import(file)
  }

  it('should run, and hold', async () => {
    await run('holds.ts', testing!)
  })

  it('should compile', async function () {
    this.timeout(60_000)
    expect(await faultsIn({ 'testing.ts': testing! })).to.equal('')
  })

  for (const [what, right, wrong] of [
    ['count', 'value: 2, timestamp', 'value: 3, timestamp'],
    ['diagram', 'ab---a-b', 'aba--a-b'],
  ] as const) {
    it(`should not hold with a wrong ${what}`, async () => {
      expect(testing).to.include(right)
      const failure = await run(`wrong-${what}.ts`, testing!.replace(right, wrong)).then(
        () => undefined,
        (error: Error) => error,
      )
      expect(failure?.name).to.equal('AssertionError')
    })
  }
})
