import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const FOLDER = fileURLToPath(new URL('../../bench/guard/', import.meta.url))
const limits = JSON.parse(readFileSync(`${FOLDER}limits.json`, 'utf8'))
/** It is the same every time to half a percent; an object of two fields a record is 3 %. */
const MORE_BYTES = 1.02
/** Beyond which time a record has become dearer: the fastest of many rounds, beside other code in the same rounds. */
const MORE_TIME = 1.15
/** For a machine whose other work has come in the way of every round. */
const TRIES = 3

describe('what the framework costs a record, from the bytes of a fetch to those of a produce request', () => {
  it('should be no more memory than is noted in bench/guard/limits.json', async () => {
    const bytes = await said('allocated.ts', '--single-threaded')
    const limit = limits['allocated bytes/record']
    expect(bytes, 'as little as it is now should be noted as the limit').to.be.within(
      limit * 0.95,
      limit * MORE_BYTES,
    )
  })

  it('should be no more time, beside reading and writing the same bytes without it', async () => {
    const found: number[] = []
    const most = limits['ratio to the bare codec'] * MORE_TIME
    do found.push(await said('ratio.ts'))
    while (found.at(-1)! > most && found.length < TRIES)
    expect(Math.min(...found), `ratios: ${found.join(', ')}`).to.be.within(1, most)
  })
})

async function said(file: string, ...flags: string[]): Promise<number> {
  // What was compiled before is compiled in another order.
  const env = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' }
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, `${FOLDER}${file}`], { env })
  return Number(stdout)
}
